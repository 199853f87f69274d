package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"netshare/workspace"
	"netshare/workspace/notebook"
)

// about says which table a query's result is of, and what its sessions are.
type about struct {
	Table   string   `json:"table"` // with its schema; "" where it is of several or none
	Columns []string `json:"columns"`
	Keys    []string `json:"keys"` // the columns that tell sessions apart
	Time    string   `json:"time"` // the column that orders records, "" for none
}

func (s *Server) postAbout(w http.ResponseWriter, r *http.Request) error {
	var q struct{ SQL string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	win, done, err := s.window(r.Context(), q.SQL)
	if err != nil {
		return err
	}
	defer done()
	var a about
	traces := slices.DeleteFunc(slices.Clone(win.Tables), func(t string) bool {
		return !strings.HasPrefix(t, "raw.") && !strings.HasPrefix(t, "synth.")
	})
	if len(traces) == 1 && len(win.Tables) == 1 {
		a.Table = traces[0]
		recipe, err := s.ws.Recipe(r.Context(), a.Table)
		if err != nil {
			return err
		}
		a.Keys = recipe.KeyNames()
		if recipe.HasTime() {
			a.Time = recipe.Time.Name
		}
		all, err := s.ws.Contents(r.Context())
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.Name.String() == a.Table {
				for _, c := range t.Columns {
					a.Columns = append(a.Columns, c.Name)
				}
			}
		}
	}
	writeJSON(w, http.StatusOK, a)
	return nil
}

// postExport gives those rows of a table that meet a condition as a file in a
// format of traces.
func (s *Server) postExport(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Table, Where, Format string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	if strings.ContainsAny(q.Format, `/\"`) || q.Format == "" {
		return fmt.Errorf("%q is no format of a trace", q.Format)
	}
	if q.Table == "" {
		return errors.New("no table is named")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="rows.`+q.Format+`"`)
	out := &counted{ResponseWriter: w}
	if _, err := s.ws.ExportWhere(r.Context(), q.Table, q.Where, out, q.Format); err != nil {
		if out.n > 0 {
			panic(http.ErrAbortHandler) // the file is cut, and the browser says so
		}
		w.Header().Del("Content-Disposition")
		return err
	}
	return nil
}

// counted counts what was written.
type counted struct {
	http.ResponseWriter
	n int64
}

// Write writes and counts.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

// getAudit gives what the attacks of an audit cell found as a page of its own.
func (s *Server) getAudit(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("cell")
	var found *workspace.Audited
	err := s.book.use(r.Context(), func(d *notebook.Document) (bool, error) {
		states, err := s.runner.States(r.Context(), d)
		for _, st := range states {
			for _, p := range st.Output.Parts {
				if st.ID == id && p.Audit != nil {
					found = p.Audit
				}
			}
		}
		return false, err
	})
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("cell %q shows no audit: run it", id)
	}
	w.Header().Set("Content-Type", types[".html"])
	w.Header().Set("Content-Disposition", `attachment; filename="audit.html"`)
	return found.WriteHTML(w)
}
