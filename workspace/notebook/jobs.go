package notebook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"netshare/engine"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

// Progress is how far a cell or a job has come.
type Progress struct {
	Step  string        `json:"step"`  // waiting, loading, learning, generating, measuring, attacking, exporting, publishing, running
	Share float64       `json:"share"` // of the step, 0 to 1; negative where nobody knows
	Text  string        `json:"text"`  // a line for a person
	Left  time.Duration `json:"left"`  // of the step, estimated; 0 where nobody knows

	// Training is the engine's own word of a training, nil of other steps. Of
	// its losses, Distance is how far the critic tells real from synthetic.
	Training *engine.Progress `json:"training,omitempty"`
}

// JobState is how a job stands.
type JobState string

// The states of a job: running, then one of the others.
const (
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
	JobStopped JobState = "stopped"
)

// JobStatus is what can be told of a job at a moment.
type JobStatus struct {
	ID       int       `json:"id"`
	Name     string    `json:"name"` // what it does: "train branch epochs 40"
	State    JobState  `json:"state"`
	Progress Progress  `json:"progress"` // the last
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	Error    string    `json:"error,omitempty"` // of a failed one
}

// Job is work in the background. Its methods may be called by any goroutine.
type Job struct {
	cancel context.CancelCauseFunc
	done   chan struct{}

	mu       sync.Mutex
	status   JobStatus
	changed  chan struct{} // closed at the next change, and replaced
	output   Output
	err      error
	learning []engine.Progress // epochs that ended
}

// Jobs are the jobs of one open workspace, and the turn-taking of its verbs. All
// front ends of a process share one. Its methods may be called by any
// goroutine. Close it before the workspace.
type Jobs struct {
	turns [2]chan struct{} // hold one token each while nobody has a turn: to learn, and at the tables

	mu      sync.Mutex
	holders [2]*Job           // of turns; nil for none, or what is no job
	cells   map[[2]string]int // how often a cell of a notebook runs
	all     []*Job
	closed  bool
}

// turn is what a verb has to itself. A training reads one table and writes what
// nothing else does, so that tables are read beside it; what writes tables
// waits until nobody works.
type turn []int

var (
	learning = turn{0}
	reading  = turn{1}
	alone    = turn{0, 1}
)

// NewJobs returns the jobs of a workspace, none yet.
func NewJobs() *Jobs {
	j := &Jobs{cells: map[[2]string]int{}}
	for i := range j.turns {
		j.turns[i] = make(chan struct{}, 1)
		j.turns[i] <- struct{}{}
	}
	return j
}

var errStoppedByUser = errors.New("stopped")

// Start runs fn in the background. The end of ctx does not end it: Stop does,
// and Close.
func (j *Jobs) Start(ctx context.Context, name string, fn func(ctx context.Context, tell func(Progress)) (Output, error)) (*Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, errors.New("the workspace is being closed")
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	job := &Job{cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	ctx = context.WithValue(ctx, jobKey{}, job)
	job.status = JobStatus{ID: len(j.all) + 1, Name: name, State: JobRunning, Started: time.Now(), Progress: Progress{Step: "running", Share: -1}}
	j.all = append(j.all, job)
	go func() {
		defer close(job.done)
		defer cancel(nil)
		out, err := run(ctx, job.tell, fn)
		job.end(ctx, out, err)
	}()
	return job, nil
}

// run turns a panic of a job into its failure, so that one job doesn't end a
// program that others work with.
func run(ctx context.Context, tell func(Progress), fn func(context.Context, func(Progress)) (Output, error)) (out Output, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("this is a fault of netshare: report it: %v", v)
		}
	}()
	return fn(ctx, tell)
}

// List returns all jobs, the oldest first.
func (j *Jobs) List() []*Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]*Job(nil), j.all...)
}

// Job finds a job by its number.
func (j *Jobs) Job(id int) (*Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if id < 1 || id > len(j.all) {
		return nil, fmt.Errorf("there is no job %d: see the list of jobs", id)
	}
	return j.all[id-1], nil
}

// Close stops all jobs and waits for their ends.
func (j *Jobs) Close() {
	j.mu.Lock()
	j.closed = true
	all := append([]*Job(nil), j.all...)
	j.mu.Unlock()
	for _, job := range all {
		job.Stop()
	}
	for _, job := range all {
		<-job.done
	}
}

// running notes that a cell of a notebook runs, until the function that it
// returns is called.
func (j *Jobs) running(notebook, cell string) (ended func()) {
	count := func(by int) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.cells[[2]string{notebook, cell}] += by
	}
	count(1)
	return func() { count(-1) }
}

// runs reports whether a cell of a notebook runs.
func (j *Jobs) runs(notebook, cell string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cells[[2]string{notebook, cell}] > 0
}

// runningCells returns the cells of a notebook that run.
func (j *Jobs) runningCells(notebook string) map[string]bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[string]bool{}
	for key, n := range j.cells {
		if key[0] == notebook && n > 0 {
			out[key[1]] = true
		}
	}
	return out
}

// jobKey is by which the context of a job knows it.
type jobKey struct{}

// take waits for the turn to call a verb of the workspace, and returns what
// gives it back.
func (j *Jobs) take(ctx context.Context, t turn, tell func(Progress)) (give func(), err error) {
	job, _ := ctx.Value(jobKey{}).(*Job)
	has := 0
	give = func() {
		for _, i := range t[:has] {
			j.hold(i, nil)
			j.turns[i] <- struct{}{}
		}
	}
	for _, i := range t { // always in the same order, so that no two wait for each other
		select {
		case <-j.turns[i]:
		default:
			tell(Progress{Step: "waiting", Share: -1, Text: j.waiting(i)})
			select {
			case <-j.turns[i]:
			case <-ctx.Done():
				give()
				return nil, context.Cause(ctx)
			}
		}
		j.hold(i, job)
		has++
	}
	return give, nil
}

func (j *Jobs) hold(i int, job *Job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.holders[i] = job
}

// waiting says what a turn is waited for.
func (j *Jobs) waiting(i int) string {
	j.mu.Lock()
	job := j.holders[i]
	j.mu.Unlock()
	if job == nil {
		return "waiting"
	}
	s := job.Status()
	return fmt.Sprintf("waiting for job %d (%s)", s.ID, s.Name)
}

// Status is how the job stands.
func (j *Job) Status() JobStatus {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.status
}

// Changed returns a channel that is closed when the job's status is another
// than now. Take it before Status, so that no change is missed.
func (j *Job) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// Epochs returns the progress of each epoch of a training that has ended so
// far.
func (j *Job) Epochs() []engine.Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]engine.Progress(nil), j.learning...)
}

// Stop has the job end soon; a training keeps what it learnt as a checkpoint.
// Wait waits for the end.
func (j *Job) Stop() { j.cancel(errStoppedByUser) }

// Wait waits for the job's end, or that of ctx, and returns what the job gave.
func (j *Job) Wait(ctx context.Context) (Output, error) {
	select {
	case <-j.done:
		return j.output, j.err
	case <-ctx.Done():
		return Output{}, context.Cause(ctx)
	}
}

// tell takes the job's progress.
func (j *Job) tell(p Progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if p.Training != nil && p.Training.EpochEnded {
		j.learning = append(j.learning, *p.Training)
	}
	j.status.Progress = p
	j.announce()
}

func (j *Job) announce() {
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *Job) end(ctx context.Context, out Output, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.output, j.err = out, err
	j.status.Finished = time.Now()
	switch {
	case err == nil:
		j.status.State = JobDone
	case ctx.Err() != nil:
		j.status.State = JobStopped
	default:
		j.status.State, j.status.Error = JobFailed, err.Error()
	}
	j.announce()
}

// learningProgress tells of a training.
func learningProgress(t engine.Progress) Progress {
	p := Progress{Step: "learning", Share: -1, Left: t.Left, Training: &t}
	if total := t.Elapsed + t.Left; total > 0 {
		p.Share = t.Elapsed.Seconds() / total.Seconds()
	}
	of := ""
	if t.Epochs > 0 {
		of = fmt.Sprintf(" of %d", t.Epochs)
	}
	p.Text = fmt.Sprintf("epoch %d%s, critic %.3f, generator %.3f, distance %.3f", t.Epoch, of, t.Losses.Critic, t.Losses.Generator, t.Losses.Distance)
	if f := t.Fidelity; f != nil {
		p.Text = fmt.Sprintf("epoch %d%s, fidelity %.3f, critic %.3f, generator %.3f", t.Epoch, of, f.Overall, t.Losses.Critic, t.Losses.Generator)
	}
	return p
}

// loadingProgress tells of a load.
func loadingProgress(l workspace.LoadProgress) Progress {
	return Progress{Step: "loading", Share: l.Share, Text: fmt.Sprintf("%s, %s records", l.File, render.Thousands(l.Records))}
}
