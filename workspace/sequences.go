package workspace

import (
	"fmt"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// sequence is a series that stands in one record of the file, as the engine
// sees it: a field of its own, with a record for each event.
type sequence struct {
	field trace.Field
	at    []int        // metadata fields of the recipe that hold it
	whole []trace.Type // of those columns
}

// sequences settles what of the recipe's metadata are series for the engine.
func (l *learning) addSequences(t Table, r *trace.Recipe) error {
	for _, s := range r.Sequences {
		q := sequence{}
		for _, name := range s.Columns {
			i := slices.IndexFunc(r.Metadata, func(f trace.Field) bool { return f.Name == name })
			c, ok := t.Schema.Column(name)
			if i < 0 || !ok {
				return fmt.Errorf("column %q of sequence %q is no column of %s", name, s.Name, t.Name)
			}
			q.at, q.whole = append(q.at, i), append(q.whole, c.Type)
		}
		q.field = r.Metadata[q.at[0]]
		typ := q.whole[0]
		switch elem, list := typ.Elem(); {
		case list:
			typ = elem
		case q.field.Delimiter != "":
			typ = elementType(q.field)
		}
		q.field.Name = s.Name
		plain := plainField(q.field)
		plain.Delimiter = ""
		l.plain.Series = append(l.plain.Series, plain)
		l.types[s.Name] = typ
		l.sequences = append(l.sequences, q)
	}
	return nil
}

// inSequence reports whether a metadata field of the recipe is a series for
// the engine.
func (l *learning) inSequence(i int) bool {
	return slices.ContainsFunc(l.sequences, func(q sequence) bool { return slices.Contains(q.at, i) })
}

// values are the events of a record, without those missing at the end.
func (q sequence) values(meta trace.Row) []any {
	var out []any
	for k, i := range q.at {
		if _, list := q.whole[k].Elem(); !list && q.field.Delimiter == "" {
			out = append(out, meta[i])
			continue
		}
		f := q.field
		texts, _ := listOf(f, meta[i])
		for _, s := range texts {
			out = append(out, element(f, s))
		}
	}
	for len(out) > 0 && out[len(out)-1] == nil {
		out = out[:len(out)-1]
	}
	return out
}

// unfold makes the records of a session of the events in its record.
func (l *learning) unfold(s trace.Session) []trace.Row {
	var columns [][]any
	n := 1
	for _, q := range l.sequences {
		v := q.values(s.Meta)
		columns = append(columns, v)
		n = max(n, len(v))
	}
	rows := make([]trace.Row, n)
	for i := range rows {
		rows[i] = trace.Row{s.Series[0][0]}
		for _, c := range columns {
			var v any
			if i < len(c) {
				v = c[i]
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}

// fold is the way back of unfold: it fills in the metadata that hold sequences.
func (l *learning) fold(meta trace.Row, series []trace.Row) {
	for n, q := range l.sequences {
		elem, list := q.whole[0].Elem()
		if !list && q.field.Delimiter == "" {
			for k, i := range q.at {
				if k < len(series) {
					meta[i] = series[k][n+1]
				}
			}
			continue
		}
		var values []any
		var texts []string
		for _, rec := range series {
			v := rec[n+1]
			if v == nil {
				texts, values = append(texts, ""), append(values, nil)
				continue
			}
			texts = append(texts, plainText(v))
			if e, err := valueOf(plainText(v), elem); err == nil {
				v = e
			}
			values = append(values, v)
		}
		if list {
			meta[q.at[0]] = values
		} else {
			meta[q.at[0]] = strings.Join(texts, q.field.Delimiter)
		}
	}
}
