package notebook

import (
	"context"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"reflect"
	"strconv"

	"netshare/scripting"
	"netshare/workspace"
)

// goPrelude is what Go cells have at hand besides show.
const goPrelude = `var ctx context.Context // of the run
var ws *workspace.Workspace
var plot func(spec string) error // draws what a plot cell of that text would`

// maxGoText is how much a Go cell may write, in bytes.
const maxGoText = 1 << 20

// goNotebook is the interpreter of a notebook's Go cells.
type goNotebook struct {
	session *scripting.Session
	record  *recorder
}

// runGo runs a Go cell. Cells of a notebook share one interpreter, so that
// variables are kept from one to the next.
func (r *Runner) runGo(ctx context.Context, text string, tell func(Progress)) ([]Part, error) {
	give, err := r.jobs.take(ctx, alone, tell)
	if err != nil {
		return nil, err
	}
	defer give()
	if r.goes == nil {
		record := &recorder{}
		session, err := host().NewSession(ctx, scripting.SessionOptions{
			Out: record, Show: func(values ...any) { record.show(values) },
			Prelude: goPrelude,
			Values:  map[string]any{"ctx": ctx, "ws": r.ws, "plot": func(string) error { return nil }},
			Busy:    r.ws.Busy,
		})
		if err != nil {
			return nil, err
		}
		r.goes = &goNotebook{session, record}
	}
	record := r.goes.record
	*record = recorder{}
	r.goes.session.Set("ctx", ctx)
	r.goes.session.Set("plot", func(spec string) error {
		p, err := parsePlot(spec)
		if err != nil {
			return err
		}
		part, err := r.plot(ctx, p)
		if err == nil {
			record.parts = append(record.parts, part)
		}
		return err
	})
	tell(Progress{Step: "running", Share: -1})
	err = r.goes.session.Run(ctx, text)
	if err == nil {
		err = record.err
	}
	return record.parts, err
}

// recorder gathers what a Go cell writes and shows, in order.
type recorder struct {
	parts   []Part
	written int
	err     error // that was shown
}

// Write takes what fmt.Print writes.
func (c *recorder) Write(b []byte) (int, error) {
	if c.written += len(b); c.written > maxGoText {
		return 0, fmt.Errorf("a cell may write %d MiB: write less", maxGoText>>20)
	}
	if n := len(c.parts); n > 0 && c.parts[n-1].Text != "" {
		c.parts[n-1].Text += string(b)
		return len(b), nil
	}
	c.parts = append(c.parts, Part{Text: string(b)})
	return len(b), nil
}

// show shows values as what they are: results and lists of structs as tables,
// reports as reports, others as text. An error fails the cell.
func (c *recorder) show(values []any) {
	for _, v := range values {
		if err, ok := v.(error); ok && err != nil {
			c.err = errors.Join(c.err, err)
			return
		}
	}
	for _, v := range values {
		if v == nil {
			continue
		}
		if part, err := partOf(v); err != nil {
			c.err = errors.Join(c.err, err)
		} else if part.Text != "" {
			fmt.Fprintln(c, part.Text)
		} else if part != (Part{}) {
			c.parts = append(c.parts, part)
		}
	}
}

// partOf makes a part of an output of a value of Go.
func partOf(v any) (Part, error) {
	switch v := v.(type) {
	case *workspace.Result:
		page, err := pageOfResult(v)
		return Part{Table: page}, err
	case workspace.Reported:
		rep, err := reportOf(v)
		return Part{Report: rep}, err
	case []workspace.ColumnInfo:
		return Part{Table: ColumnsPage(v)}, nil
	case string:
		return Part{Text: v}, nil
	}
	if page := pageOfStructs(reflect.ValueOf(v)); page != nil {
		return Part{Table: page}, nil
	}
	return Part{Text: fmt.Sprintf("%v", v)}, nil
}

// pageOfResult reads the first rows of a result and closes it.
func pageOfResult(result *workspace.Result) (*Page, error) {
	defer result.Close()
	p := &Page{}
	q := queried{result}
	types := q.Types()
	for i, name := range q.Columns() {
		p.Columns = append(p.Columns, PageColumn{name, types[i]})
	}
	for {
		row, err := q.Next()
		if err == io.EOF {
			return p, result.Close()
		}
		if err != nil {
			return nil, err
		}
		if p.Total++; p.Total <= PageRows {
			p.Rows = append(p.Rows, jsonRow(row, types))
		}
	}
}

// pageOfStructs is a list of structs as a table of their exported fields, nil
// of any other value.
func pageOfStructs(v reflect.Value) *Page {
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return nil
	}
	p := &Page{Total: int64(v.Len())}
	var fields []int
	for i := range v.Type().Elem().NumField() {
		f := v.Type().Elem().Field(i)
		if f.IsExported() {
			fields = append(fields, i)
			typ := "VARCHAR"
			switch {
			case f.Type.Kind() >= reflect.Int && f.Type.Kind() <= reflect.Uint64 && f.Type.String() != "time.Duration":
				typ = "BIGINT"
			case f.Type.Kind() == reflect.Float64 || f.Type.Kind() == reflect.Float32:
				typ = "DOUBLE"
			}
			p.Columns = append(p.Columns, PageColumn{f.Name, typ})
		}
	}
	if fields == nil {
		return nil
	}
	for i := range min(v.Len(), PageRows) {
		var row []any
		for k, f := range fields {
			value := v.Index(i).Field(f)
			switch p.Columns[k].Type {
			case "BIGINT":
				if value.CanUint() {
					row = append(row, value.Uint())
				} else {
					row = append(row, value.Int())
				}
			case "DOUBLE":
				row = append(row, value.Float())
			default:
				row = append(row, fmt.Sprint(value.Interface()))
			}
		}
		p.Rows = append(p.Rows, jsonRow(row, make([]string, len(row))))
	}
	return p
}

// goStrings are the texts in a piece of Go, which may be SQL.
func goStrings(text string) []string {
	var sc scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	sc.Init(file, []byte(text), func(token.Position, string) {}, 0)
	var all []string
	for {
		_, tok, lit := sc.Scan()
		if tok == token.EOF {
			return all
		}
		if tok == token.STRING {
			if s, err := strconv.Unquote(lit); err == nil {
				all = append(all, s)
			}
		}
	}
}
