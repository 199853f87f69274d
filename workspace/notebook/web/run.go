package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"netshare/engine"
	"netshare/workspace"
	"netshare/workspace/notebook"
)

// running are the jobs that the page has started, the last of each cell.
type running struct {
	mu   sync.Mutex
	jobs map[string]*started // by cell
	all  context.CancelFunc  // ends the running of all cells; nil while there is none
	wait sync.WaitGroup      // for what tells of jobs
}

// started is a job and the cell as it was when the job began.
type started struct {
	*notebook.Job
	cell notebook.Cell
}

// end stops all jobs that the page has started and waits until their ends are
// kept.
func (r *running) end() {
	r.mu.Lock()
	if r.all != nil {
		r.all()
	}
	for _, job := range r.jobs {
		job.Stop()
	}
	r.mu.Unlock()
	r.wait.Wait()
}

// of returns the job of a cell, nil where it has none.
func (r *running) of(cell string) *started {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.jobs[cell]
}

// view is what the page is told of a cell's job, nil where it has none.
func (r *running) view(cell string) *jobView {
	job := r.of(cell)
	if job == nil {
		return nil
	}
	v := jobOf(cell, job.Job)
	v.Epochs = epochViews(job.Epochs())
	return v
}

// jobView is a job as the page has it.
type jobView struct {
	ID      int         `json:"id"`
	Cell    string      `json:"cell"`
	Name    string      `json:"name"`
	State   string      `json:"state"`
	Step    string      `json:"step"`
	Share   float64     `json:"share"` // negative where nobody knows
	Text    string      `json:"text"`
	Left    float64     `json:"left"`    // seconds, 0 where nobody knows
	Seconds float64     `json:"seconds"` // since its start
	Error   string      `json:"error,omitempty"`
	Run     int64       `json:"run,omitempty"`    // that a training is
	From    int         `json:"from"`             // how many epochs stand before Epochs
	Epochs  []epochView `json:"epochs,omitempty"` // those that the page may not have

	// Stopped is what came of a training that was stopped, nil for nothing.
	Stopped *stoppedView `json:"stopped,omitempty"`
}

// stoppedView is a training that was stopped.
type stoppedView struct {
	Run       int64 `json:"run"`
	Epochs    int   `json:"epochs"`
	Resumable bool  `json:"resumable"`
}

// stoppedOf is nil for nil.
func stoppedOf(s *notebook.StoppedTraining) *stoppedView {
	if s == nil {
		return nil
	}
	return &stoppedView{s.Run, s.Epochs, s.Resumable}
}

// epochView is the end of an epoch.
type epochView struct {
	Epoch     int     `json:"epoch"`
	Critic    float64 `json:"critic"`
	Generator float64 `json:"generator"`
	Distance  float64 `json:"distance"`

	// Fidelity and that of each column are null where they were not measured.
	Fidelity *float64           `json:"fidelity,omitempty"`
	Columns  map[string]float64 `json:"columns,omitempty"`
}

func epochViews(all []engine.Progress) []epochView {
	out := make([]epochView, len(all))
	for i, p := range all {
		out[i] = epochView{Epoch: p.Epoch, Critic: p.Losses.Critic, Generator: p.Losses.Generator, Distance: p.Losses.Distance}
		if f := p.Fidelity; f != nil {
			out[i].Fidelity, out[i].Columns = &f.Overall, map[string]float64{}
			for _, c := range f.Columns {
				out[i].Columns[c.Name] = c.Value
			}
		}
	}
	return out
}

func jobOf(cell string, job *notebook.Job) *jobView {
	s := job.Status()
	end := s.Finished
	if end.IsZero() {
		end = time.Now()
	}
	v := &jobView{
		ID: s.ID, Cell: cell, Name: s.Name, State: string(s.State), Step: s.Progress.Step, Share: s.Progress.Share, Text: s.Progress.Text,
		Left: s.Progress.Left.Seconds(), Seconds: end.Sub(s.Started).Seconds(), Error: s.Error,
	}
	if t := s.Progress.Training; t != nil {
		v.Run = t.Run
	}
	var stopped *notebook.StoppedTraining
	if s.State == notebook.JobStopped {
		if _, err := job.Wait(context.Background()); errors.As(err, &stopped) { // it has ended
			v.Stopped = stoppedOf(stopped)
		}
	}
	return v
}

// stateView is what is kept of a cell as the page has it.
type stateView struct {
	ID      string     `json:"id"`
	Status  string     `json:"status"`
	Why     string     `json:"why,omitempty"`
	Error   string     `json:"error,omitempty"`
	Seconds float64    `json:"seconds"`
	At      time.Time  `json:"at,omitzero"`
	Parts   []partView `json:"parts,omitempty"`
	Output  bool       `json:"output"` // Parts are all there are, not left out
}

// partView is a part of an output; values of tables are text.
type partView struct {
	Text   string           `json:"text,omitempty"`
	Run    int64            `json:"run,omitempty"` // the training run that Text tells of
	Table  *page            `json:"table,omitempty"`
	Figure *notebook.Figure `json:"figure,omitempty"`
	Report *notebook.Report `json:"report,omitempty"`

	// Audit is what attacks found, in place of Text.
	Audit *workspace.Audited `json:"audit,omitempty"`
}

func viewOf(s *notebook.CellState, output bool) *stateView {
	v := &stateView{ID: s.ID, Status: string(s.Status), Why: s.Why, Error: s.Error, At: s.Finished, Output: output}
	if !s.Finished.IsZero() {
		v.Seconds = s.Finished.Sub(s.Started).Seconds()
	}
	if !output {
		return v
	}
	for _, p := range s.Output.Parts {
		part := partView{Text: p.Text, Run: p.Run, Figure: p.Figure, Report: p.Report, Audit: p.Audit}
		if p.Table != nil {
			part.Table = pageOf(p.Table)
		}
		v.Parts = append(v.Parts, part)
	}
	return v
}

// pageOf is a kept page with its values as text: numbers keep all their digits,
// which a browser's would not.
func pageOf(p *notebook.Page) *page {
	out := &page{SQL: p.SQL, Offset: p.Offset, Total: p.Total, Rows: [][]*string{}}
	for _, c := range p.Columns {
		out.Columns = append(out.Columns, column(c))
	}
	result := p.Result()
	for range p.Rows {
		row, err := result.Next()
		if err != nil {
			break // there are no more
		}
		out.Rows = append(out.Rows, texts(row, out.Columns))
	}
	return out
}

// postRun runs a cell, or some one after another, or all from the first to the
// last.
func (s *Server) postRun(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		ID  string   `json:"id"`
		IDs []string `json:"ids"`
		All bool     `json:"all"`
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	if q.All || q.IDs != nil {
		if err := s.startAll(q.IDs); err != nil {
			return err
		}
	} else if _, err := s.start(r.Context(), q.ID); err != nil {
		return err
	}
	writeJSON(w, http.StatusAccepted, map[string]bool{"started": true})
	return nil
}

// start runs a cell as a job, and has all windows told of it.
func (s *Server) start(ctx context.Context, id string) (*notebook.Job, error) {
	var cell notebook.Cell
	err := s.book.use(ctx, func(d *notebook.Document) (bool, error) {
		c, err := d.Cell(id)
		if err == nil {
			cell = *c
		}
		return false, err
	})
	if err != nil {
		return nil, err
	}
	if !cell.Runs() {
		return nil, errors.New("prose does not run")
	}
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	if job := s.running.jobs[id]; job != nil && job.Status().State == notebook.JobRunning {
		return nil, &statusError{http.StatusConflict, errors.New("the cell is running: stop it first")}
	}
	job, err := s.runner.Start(ctx, cell)
	if err != nil {
		return nil, err
	}
	s.watch(cell, job)
	return job, nil
}

// watch has all windows told of a job; running is locked.
func (s *Server) watch(cell notebook.Cell, job *notebook.Job) {
	if s.running.jobs == nil {
		s.running.jobs = map[string]*started{}
	}
	s.running.jobs[cell.ID] = &started{job, cell}
	s.running.wait.Go(func() { s.follow(cell, job) })
}

// startAll runs cells in their order, all where ids is nil, until one fails or it
// is stopped.
func (s *Server) startAll(ids []string) error {
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	if s.running.all != nil {
		return &statusError{http.StatusConflict, errors.New("all cells are being run: stop that first")}
	}
	ctx, stop := context.WithCancel(s.ctx)
	s.running.all = stop
	s.running.wait.Go(func() {
		cell, err := s.runAll(ctx, ids)
		s.running.mu.Lock()
		s.running.all = nil
		s.running.mu.Unlock()
		stop()
		text := ""
		if err != nil {
			text = err.Error()
		}
		s.hub.send("all", map[string]any{"running": false, "error": text, "cell": cell})
	})
	s.hub.send("all", map[string]any{"running": true})
	return nil
}

// runAll returns the cell that failed.
func (s *Server) runAll(ctx context.Context, ids []string) (cell string, err error) {
	if ids == nil {
		err = s.book.use(ctx, func(d *notebook.Document) (bool, error) {
			for _, c := range d.Cells {
				if c.Runs() {
					ids = append(ids, c.ID)
				}
			}
			return false, nil
		})
		if err != nil {
			return "", err
		}
	}
	for _, id := range ids {
		job, err := s.start(ctx, id)
		if err != nil {
			return id, err
		}
		if _, err := job.Wait(ctx); err != nil {
			job.Stop()
			if ctx.Err() != nil {
				err = nil // stopped, which is no failure
			}
			return id, err
		}
	}
	return "", nil
}

// often is how often windows are told of a job's progress at most.
const often = 150 * time.Millisecond

// follow tells all windows of a job until it has ended, and then of what the
// cell shows and of what has become stale by it.
func (s *Server) follow(cell notebook.Cell, job *notebook.Job) {
	told := 0
	for {
		changed := job.Changed()
		v := jobOf(cell.ID, job)
		epochs := job.Epochs()
		v.From, v.Epochs = told, epochViews(epochs[told:])
		told = len(epochs)
		if v.State != string(notebook.JobRunning) {
			s.after(cell, v)
			return
		}
		s.hub.send("job", v)
		time.Sleep(often)
		<-changed
	}
}

// after tells of a job that has ended.
func (s *Server) after(cell notebook.Cell, v *jobView) {
	ctx := context.WithoutCancel(s.ctx)
	if cell.Kind != notebook.KindPlot && cell.Kind != notebook.KindReport {
		s.windows.forget()
	}
	var views []*stateView
	err := s.book.use(ctx, func(d *notebook.Document) (bool, error) {
		states, err := s.runner.States(ctx, d)
		for i := range states {
			views = append(views, viewOf(&states[i], states[i].ID == cell.ID))
		}
		return false, err
	})
	if err != nil && v.Error == "" {
		v.State, v.Error = string(notebook.JobFailed), fmt.Sprintf("what the cell shows can't be read: %v", err)
	}
	s.hub.send("job", v)
	s.hub.send("states", views)
	if cell.Kind != notebook.KindPlot {
		s.hub.send("tables", struct{}{})
	}
}

// postStop stops a cell, a job, or the running of all cells.
func (s *Server) postStop(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		ID  string `json:"id"`
		All bool   `json:"all"`
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	if q.All {
		s.running.mu.Lock()
		if s.running.all != nil {
			s.running.all()
		}
		s.running.mu.Unlock()
	} else if job := s.running.of(q.ID); job != nil {
		job.Stop()
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

// postCheck reads the commands of cells that are not in the document, and says
// what is wrong with the first that has a fault.
func (s *Server) postCheck(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Cells []struct {
			Kind notebook.Kind `json:"kind"`
			Text string        `json:"text"`
		} `json:"cells"`
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	for _, c := range q.Cells {
		err := s.runner.Check(&notebook.Document{Cells: []*notebook.Cell{{Kind: c.Kind, Text: c.Text}}})
		var fault *notebook.CellError
		if errors.As(err, &fault) {
			return fault.Err // it has no place yet
		}
		if err != nil {
			return err
		}
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}
