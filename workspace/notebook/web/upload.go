package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// postUpload streams a dropped file into a folder beside the notebook, where
// its load cell finds it again. The name is that of the query.
func (s *Server) postUpload(w http.ResponseWriter, r *http.Request) error {
	name := fileName(r.URL.Query().Get("name"))
	if name == "" {
		return errors.New("the file has no name: drop it again under one of letters and digits")
	}
	tooLarge := fmt.Errorf("%s: files larger than %d GiB are not taken here: load it with netshare ws load", name, s.opts.MaxUpload>>30)
	if r.ContentLength > s.opts.MaxUpload {
		return &statusError{http.StatusRequestEntityTooLarge, tooLarge}
	}
	if !s.uploads.TryLock() {
		return &statusError{http.StatusConflict, errors.New("another file is being taken: drop this one when it is done")}
	}
	defer s.uploads.Unlock()
	path, err := s.takeFile(w, r, name)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &statusError{http.StatusRequestEntityTooLarge, tooLarge}
	case err != nil:
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"path": path})
	return nil
}

// takeFile writes the request's body into a file that is whole or absent, and
// returns its path as cells name it, relative to the notebook.
func (s *Server) takeFile(w http.ResponseWriter, r *http.Request, name string) (_ string, err error) {
	base := filepath.Dir(s.opts.Notebook)
	folder := strings.TrimSuffix(filepath.Base(s.ws.Path()), filepath.Ext(s.ws.Path())) + "-files"
	dir := filepath.Join(base, folder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, ".taking-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	body := &patient{http.MaxBytesReader(w, r.Body, s.opts.MaxUpload), http.NewResponseController(w)}
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	for n, try := 2, name; ; n++ {
		path := filepath.Join(dir, try)
		place, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644) // ours where there was none
		switch {
		case err == nil:
			return filepath.ToSlash(filepath.Join(folder, try)), errors.Join(place.Close(), os.Rename(f.Name(), path))
		case !errors.Is(err, os.ErrExist):
			return "", err
		}
		stem, ext, _ := strings.Cut(name, ".")
		try = fmt.Sprintf("%s-%d.%s", stem, n, ext)
	}
}

// patient reads a body as long as it goes on coming.
type patient struct {
	io.Reader
	out *http.ResponseController
}

// Read reads what comes in time.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.out.SetReadDeadline(time.Now().Add(bodyTime)) // every server connection has one
	return p.Reader.Read(b)
}

// fileName makes a name within one folder of what a browser calls a file: no
// path, no hidden file, nothing that a cell's text would have to quote. "" where
// nothing is left.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+", r) {
			return r
		}
		return '_'
	}, name)
	name = strings.TrimLeft(name, ".")
	if len(name) > 120 {
		name = name[len(name)-120:]
	}
	return name
}
