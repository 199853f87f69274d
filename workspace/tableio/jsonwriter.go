package tableio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// jsonlWriter writes JSON objects, one a line or in one array; what is missing
// is left out, unless the column says null.
type jsonlWriter struct {
	w     *bufio.Writer
	forms []form
	keys  [][]byte // with what follows them
	comma string
	array bool
	open  string
	sep   string
	begun bool
	buf   []byte
}

func newJSONWriter(w *bufio.Writer, schema trace.Schema, forms []form) *jsonlWriter {
	j := &jsonlWriter{w: w, forms: forms, comma: ",", sep: "\n"}
	colon := ":"
	if a, b, ok := twoMarks(schema.Props["marks"]); ok && strings.TrimSpace(a) == ":" && strings.TrimSpace(b) == "," {
		colon, j.comma = a, b
	}
	if a, b, ok := twoMarks(schema.Props["array"]); ok {
		j.array, j.open, j.sep = true, "[\n", ",\n"
		if strings.TrimSpace(a) == "[" {
			j.open = a
		}
		if strings.TrimSpace(b) == "," {
			j.sep = b
		}
	}
	for _, n := range schema.Names() {
		j.keys = append(j.keys, append(appendJSON(nil, n), colon...))
	}
	return j
}

func twoMarks(prop string) (a, b string, ok bool) {
	var marks []string
	ok = prop != "" && json.Unmarshal([]byte(prop), &marks) == nil && len(marks) == 2
	if ok {
		a, b = marks[0], marks[1]
	}
	return a, b, ok
}

func (j *jsonlWriter) Write(row trace.Row) error {
	if len(row) != len(j.forms) {
		return fmt.Errorf("record has %d values: the table has %d columns", len(row), len(j.forms))
	}
	dst := j.buf[:0]
	if j.begun {
		dst = append(dst, j.sep...)
	} else {
		dst = append(dst, j.open...)
	}
	start := len(dst)
	dst = append(dst, '{')
	for i := range j.forms {
		if row[i] == nil && !j.forms[i].present {
			continue
		}
		if len(dst) > start+1 {
			dst = append(dst, j.comma...)
		}
		dst = append(dst, j.keys[i]...)
		var err error
		if dst, err = appendValue(dst, row[i], &j.forms[i]); err != nil {
			return fmt.Errorf("column %s %w", j.keys[i], err)
		}
	}
	j.buf, j.begun = append(dst, '}'), true
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonlWriter) Close() error {
	end := ""
	switch {
	case j.array && !j.begun:
		end = "[]\n"
	case j.array && strings.Contains(j.sep, "\n"):
		end = "\n]\n"
	case j.array:
		end = "]\n"
	case j.begun:
		end = "\n"
	}
	if _, err := j.w.WriteString(end); err != nil {
		return err
	}
	return j.w.Flush()
}

// appendValue appends a value as JSON.
func appendValue(dst []byte, v any, f *form) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		if f.json && json.Valid([]byte(v)) {
			return append(dst, v...), nil
		}
		if n, ok := number(v); ok && f.integer {
			return strconv.AppendUint(dst, uint64(n), 10), nil
		}
		return appendJSON(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("%v is not a number that JSON can hold", v)
		}
		return f.real(dst, v), nil
	case time.Time:
		if f.epoch {
			return f.time(dst, v), nil
		}
		return append(f.time(append(dst, '"'), v), '"'), nil
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendValue(dst, e, f); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	return f.text(dst, v)
}

// appendJSON appends text as a JSON string without escaping HTML.
func appendJSON(dst []byte, text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always can
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte{'\n'})...)
}
