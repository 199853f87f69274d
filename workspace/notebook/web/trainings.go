package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"netshare/workspace/notebook"
)

// trainingView is a training run as runs are compared.
type trainingView struct {
	Run       int64           `json:"run"`
	Table     string          `json:"table"`
	Status    string          `json:"status"`
	Options   json.RawMessage `json:"options,omitempty"`
	Seed      int64           `json:"seed"`
	Started   time.Time       `json:"started"`
	Seconds   float64         `json:"seconds"`
	Error     string          `json:"error,omitempty"`
	Epochs    int             `json:"epochs"`
	Model     int64           `json:"model"`
	Resumable bool            `json:"resumable"` // was cut off, and has a checkpoint
	Synthetic string          `json:"synthetic,omitempty"`
	Score     *float64        `json:"score"` // of the synthetic table's report; null for none
	Spread    float64         `json:"spread"`
	Job       *jobView        `json:"job,omitempty"` // that goes on with it now
}

// resumeCell stands for the cell of a job that goes on with a run.
func resumeCell(run int64) string { return fmt.Sprintf("run %d", run) }

func (s *Server) getTrainings(w http.ResponseWriter, r *http.Request) error {
	all, err := s.ws.Trainings(r.Context())
	if err != nil {
		return err
	}
	out := make([]trainingView, len(all))
	for i, t := range all {
		v := trainingView{
			Run: t.ID, Table: t.Table, Status: string(t.Status), Options: t.Options, Seed: t.Seed, Started: t.Started, Error: t.Error,
			Epochs: t.Epochs, Model: t.Model, Synthetic: t.Synthetic, Spread: t.Spread, Job: s.running.view(resumeCell(t.ID)),
		}
		end := t.Finished
		if end.IsZero() {
			end = time.Now()
		}
		v.Seconds = end.Sub(t.Started).Seconds()
		v.Resumable = t.Resumable()
		if t.Scored {
			v.Score = &t.Score
		}
		out[i] = v
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// getEpochs gives the curves of a training run.
func (s *Server) getEpochs(w http.ResponseWriter, r *http.Request) error {
	run, err := runOf(r)
	if err != nil {
		return err
	}
	epochs, err := s.ws.Epochs(r.Context(), run)
	if err != nil {
		return err
	}
	out := make([]epochView, len(epochs))
	for i, e := range epochs {
		out[i] = epochView{Epoch: e.Epoch, Critic: e.Values["critic_loss"], Generator: e.Values["generator_loss"], Distance: e.Values["distance"], Columns: e.Columns}
		if f, ok := e.Values["fidelity"]; ok {
			out[i].Fidelity = &f
		}
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// postResume goes on with a training run that was cut off, in the cell that it
// was stopped in where one is named.
func (s *Server) postResume(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Run  int64
		Cell string
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	cell := notebook.Cell{ID: resumeCell(q.Run), Kind: notebook.KindTrain}
	if q.Cell != "" {
		var err error
		if cell, err = s.stoppedIn(r.Context(), q.Cell, q.Run); err != nil {
			return err
		}
	}
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	if job := s.running.jobs[cell.ID]; job != nil && job.Status().State == notebook.JobRunning {
		return fmt.Errorf("run %d is being gone on with already", q.Run)
	}
	var job *notebook.Job
	var err error
	if q.Cell == "" {
		job, err = s.runner.Resume(r.Context(), q.Run)
	} else {
		job, err = s.runner.ResumeCell(r.Context(), cell, q.Run)
	}
	if err != nil {
		return err
	}
	s.watch(cell, job)
	writeJSON(w, http.StatusAccepted, map[string]bool{"started": true})
	return nil
}

// stoppedIn returns the cell that a run was stopped in: as it was when it began,
// or as the document has it where the program was started again since.
func (s *Server) stoppedIn(ctx context.Context, id string, run int64) (cell notebook.Cell, err error) {
	if job := s.running.of(id); job != nil {
		if v := jobOf(id, job.Job); v.Stopped != nil && v.Stopped.Run == run {
			return job.cell, nil
		}
	}
	err = s.book.use(ctx, func(d *notebook.Document) (bool, error) {
		states, err := s.runner.States(ctx, d)
		if err != nil {
			return false, err
		}
		c, err := d.Cell(id)
		if err != nil {
			return false, err
		}
		if stopped := states[c.Position].Stopped; stopped == nil || stopped.Run != run {
			err = fmt.Errorf("run %d was not stopped in that cell: go on with it in the list of training runs", run)
		}
		if err == nil {
			cell = *c
		}
		return false, err
	})
	return cell, err
}

// samplesView is a few sessions of a training run's last measurement, real and
// synthetic.
type samplesView struct {
	Epoch    int          `json:"epoch"`
	Columns  []string     `json:"columns"`
	Sessions []sampleView `json:"sessions"`
}

type sampleView struct {
	Real    bool        `json:"real"`
	Records int         `json:"records"` // of the whole session
	Rows    [][]*string `json:"rows"`
}

// getSamples gives the samples of a training run.
func (s *Server) getSamples(w http.ResponseWriter, r *http.Request) error {
	run, err := runOf(r)
	if err != nil {
		return err
	}
	kept, err := s.ws.Samples(r.Context(), run)
	if err != nil {
		return err
	}
	v := samplesView{Epoch: kept.Epoch, Columns: kept.Columns, Sessions: []sampleView{}}
	for _, x := range kept.Sessions {
		v.Sessions = append(v.Sessions, sampleView(x))
	}
	writeJSON(w, http.StatusOK, v)
	return nil
}

// runOf is the run that a request names.
func runOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("run")
	run, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of a run", text)
	}
	return run, nil
}
