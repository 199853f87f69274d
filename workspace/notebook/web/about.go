package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"netshare/workspace"
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

// auditView is what attacks on a synthetic table found.
type auditView struct {
	workspace.Audited
	Page string `json:"page"` // the whole as an HTML document
}

// postAudit attacks a synthetic table and answers when that is done; when the
// window is closed meanwhile, what was found is in netshare.scores.
func (s *Server) postAudit(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Real, Synthetic string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	var v auditView
	job, err := s.runner.Audit(r.Context(), workspace.Audit{Real: q.Real, Synthetic: q.Synthetic}, func(a workspace.Audited) { v.Audited = a })
	if err != nil {
		return err
	}
	if _, err := job.Wait(r.Context()); err != nil {
		return err
	}
	var page strings.Builder
	if err := v.WriteHTML(&page); err != nil {
		return err
	}
	v.Page = page.String()
	writeJSON(w, http.StatusOK, v)
	return nil
}

// postPublish hands a synthetic table out and answers when that is done. It goes
// on when the window is closed meanwhile.
func (s *Server) postPublish(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Table, Out, Addresses, Text string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	if q.Out == "" {
		return errors.New("name a file or a folder to publish into")
	}
	job, err := s.runner.Publish(r.Context(), workspace.Publish{
		Tables: []string{q.Table}, Out: q.Out, Addresses: workspace.AddressPolicy(q.Addresses), Text: workspace.TextPolicy(q.Text),
	})
	if err != nil {
		return err
	}
	out, err := job.Wait(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"text": out.Parts[0].Text})
	return nil
}
