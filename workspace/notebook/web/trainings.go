package web

import (
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
		v.Resumable = t.Checkpoints > 0 && t.Status != "done" && t.Status != "running"
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
	run, err := strconv.ParseInt(r.URL.Query().Get("run"), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no number of a run", r.URL.Query().Get("run"))
	}
	epochs, err := s.ws.Epochs(r.Context(), run)
	if err != nil {
		return err
	}
	out := make([]epochView, len(epochs))
	for i, e := range epochs {
		out[i] = epochView{e.Epoch, e.Values["critic_loss"], e.Values["generator_loss"], e.Values["distance"]}
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// postResume goes on with a training run that was cut off.
func (s *Server) postResume(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Run int64 }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	id := resumeCell(q.Run)
	if job := s.running.jobs[id]; job != nil && job.Status().State == notebook.JobRunning {
		return fmt.Errorf("run %d is being gone on with already", q.Run)
	}
	job, err := s.runner.Resume(r.Context(), q.Run)
	if err != nil {
		return err
	}
	s.watch(notebook.Cell{ID: id, Kind: notebook.KindTrain}, job)
	writeJSON(w, http.StatusAccepted, map[string]bool{"started": true})
	return nil
}
