package web

import "net/http"

// listed is a table as the page lists it.
type listed struct {
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	View     bool     `json:"view"`
	Rows     int64    `json:"rows"` // -1 of a view
	Imitates string   `json:"imitates,omitempty"`
	Columns  []column `json:"columns"`
}

func (s *Server) getTables(w http.ResponseWriter, r *http.Request) error {
	all, err := s.ws.Contents(r.Context())
	if err != nil {
		return err
	}
	out := make([]listed, len(all))
	for i, t := range all {
		out[i] = listed{Schema: t.Name.Schema, Name: t.Name.Table, View: t.View, Rows: t.Rows, Imitates: t.Imitates}
		for _, c := range t.Columns {
			out[i].Columns = append(out[i].Columns, column(c))
		}
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// getProfile describes a table. It ends when nobody waits for it any more.
func (s *Server) getProfile(w http.ResponseWriter, r *http.Request) error {
	p, err := s.ws.Profile(r.Context(), r.URL.Query().Get("table"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, p)
	return nil
}
