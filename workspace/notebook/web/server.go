package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"netshare/engine"
	"netshare/workspace"
	"netshare/workspace/notebook"
)

// Options say what is served, and where.
type Options struct {
	Workspace *workspace.Workspace
	// Jobs are those of the workspace, shared with other front ends of the
	// process; nil for ones of the server's own.
	Jobs *notebook.Jobs
	// Notebook is the document's file, which is made when something is first
	// written into it. "" for one beside the workspace with its name.
	Notebook string
	// Port is that of the server; 0 for one that is the same for a workspace
	// each time, or any where that one is taken.
	Port int
	// MaxUpload is how many bytes a dropped file may have. Default 32 GiB.
	MaxUpload int64
	// Log takes what goes wrong with connections; nil for nobody.
	Log *slog.Logger
}

// Server serves one workspace's notebook.
type Server struct {
	opts   Options
	ws     *workspace.Workspace
	guard  *guard
	listen net.Listener
	hub    hub

	book    book
	runner  *notebook.Runner
	jobs    *notebook.Jobs
	running running
	windows windows
	uploads sync.Mutex // one at a time

	ctx  context.Context // of what runs in the background
	stop context.CancelFunc
}

// maxBody bounds what a request says, but for uploads.
const maxBody = 4 << 20

// bodyTime is how long a request may take to say what it says, or an upload to go
// on.
var bodyTime = time.Minute // shorter in tests

// Listen binds the server's port on the loopback address. Serve or Close it.
func Listen(opts Options) (*Server, error) {
	if opts.MaxUpload == 0 {
		opts.MaxUpload = 32 << 30
	}
	base := strings.TrimSuffix(opts.Workspace.Path(), filepath.Ext(opts.Workspace.Path()))
	if opts.Notebook == "" {
		opts.Notebook = base + ".md"
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	l, err := listen(opts.Port, opts.Workspace.Path())
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		l.Close()
		return nil, err
	}
	s := &Server{opts: opts, ws: opts.Workspace, guard: newGuard(port), listen: l, jobs: opts.Jobs}
	if s.jobs == nil {
		s.jobs = notebook.NewJobs()
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.runner = notebook.NewRunner(s.ws, s.jobs, opts.Notebook)
	s.book = book{path: opts.Notebook, workspace: s.ws.Path(), title: filepath.Base(base), runner: s.runner, seq: time.Now().UnixMilli()}
	return s, nil
}

// listen opens a port: the one that is asked for, or one made of the path.
func listen(port int, path string) (net.Listener, error) {
	at := func(port int) (net.Listener, error) { return net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port)) }
	if port != 0 {
		l, err := at(port)
		if err != nil {
			return nil, fmt.Errorf("port %d: %w: name another with --port, or none", port, errors.Unwrap(err))
		}
		return l, nil
	}
	h := fnv.New32a()
	io.WriteString(h, path)
	if l, err := at(20000 + int(h.Sum32()%20000)); err == nil {
		return l, nil
	}
	return at(0)
}

// URL is the address that opens the page, with its token.
func (s *Server) URL() string { return "http://" + s.guard.hosts[0] + "/?token=" + s.guard.token }

// Notebook is the document's file.
func (s *Server) Notebook() string { return s.opts.Notebook }

// Serve answers requests until ctx ends, then lets what is under way end within
// some seconds.
func (s *Server) Serve(ctx context.Context) error {
	defer announce(s.ws.Path(), s.URL())()
	server := &http.Server{
		Handler:           s.guard.wrap(s.routes()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listen) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.hub.close()
		limit, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		if err = server.Shutdown(limit); err != nil {
			err = server.Close()
		}
		<-failed
	}
	return errors.Join(err, s.Close())
}

// Close ends what the server has started and frees what it holds; the workspace
// stays open.
func (s *Server) Close() error {
	s.stop()
	s.hub.close()
	s.running.end()
	if s.opts.Jobs == nil {
		s.jobs.Close()
	}
	err := s.listen.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	err = errors.Join(err, s.runner.Close())
	s.windows.close()
	return err
}

// routes is the HTTP interface.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { serveAsset(w, "index.html") })
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) { serveAsset(w, r.PathValue("name")) })
	mux.HandleFunc("GET /api/events", s.hub.serve)
	for pattern, h := range map[string]handler{
		"GET /api/state":     s.getState,
		"GET /api/tables":    s.getTables,
		"GET /api/profile":   s.getProfile,
		"GET /api/notebook":  s.getBook,
		"POST /api/edit":     s.postEdit,
		"POST /api/check":    s.postCheck,
		"POST /api/run":      s.postRun,
		"POST /api/stop":     s.postStop,
		"GET /api/trainings": s.getTrainings,
		"GET /api/epochs":    s.getEpochs,
		"GET /api/samples":   s.getSamples,
		"POST /api/resume":   s.postResume,
		"GET /api/audit":     s.getAudit,
		"POST /api/plot":     s.postPlot,
		"POST /api/about":    s.postAbout,
		"POST /api/export":   s.postExport,
		"POST /api/complete": s.postComplete,
		"POST /api/page":     s.postPage,
		"POST /api/count":    s.postCount,
		"POST /api/download": s.postDownload,
		"POST /api/upload":   s.postUpload,
	} {
		mux.Handle(pattern, h)
	}
	return mux
}

// handler answers a request, or says what is wrong with it.
type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler {
			panic(p) // the server cuts the answer, so that nobody takes it for whole
		}
		if p != nil {
			writeJSON(w, http.StatusInternalServerError, map[string]string{"error": fmt.Sprintf("a fault of the program: %v", p)})
		}
	}()
	err := h(w, r)
	if err == nil {
		return
	}
	status := http.StatusBadRequest
	var large *http.MaxBytesError
	var coded *statusError
	switch {
	case errors.As(err, &coded):
		status = coded.status
	case errors.As(err, &large):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		status = http.StatusRequestTimeout
	case r.Context().Err() != nil:
		return // nobody waits for it
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

// statusError is an error with a status of its own.
type statusError struct {
	status int
	error
}

// Unwrap returns the error itself.
func (e *statusError) Unwrap() error { return e.error }

// writeJSON answers with a value. What can't be sent has no reader any more.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// readJSON reads a request's body, which must be JSON.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, errors.New("want a body of type application/json")}
	}
	// Every server connection has a deadline. It goes with a body that was read, or
	// it would cut what takes longer to answer.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTime))
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the request's body: %w", err)
	}
	_ = connection.SetReadDeadline(time.Time{})
	return nil
}

// setting is one of the networks and their training, as forms offer it.
type setting struct {
	Name    string `json:"name"`
	Help    string `json:"help"`
	Default string `json:"default"`
}

// getState tells what the page is about.
func (s *Server) getState(w http.ResponseWriter, r *http.Request) error {
	grammar := [][2]string{}
	for _, k := range notebook.Kinds() {
		if text := notebook.Grammar(k); text != "" {
			grammar = append(grammar, [2]string{string(k), text})
		}
	}
	settings := []setting{}
	for _, x := range engine.Settings() {
		settings = append(settings, setting{x.Name, x.Help, x.Value(engine.DefaultOptions())})
	}
	path := s.ws.Path()
	writeJSON(w, http.StatusOK, map[string]any{"workspace": filepath.Base(path), "path": path, "grammar": grammar, "settings": settings})
	return nil
}
