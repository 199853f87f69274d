// Package notebook is a notebook over a workspace, kept as a document.
//
// A Document is a Markdown file with fenced cells. A Runner runs its cells on a
// workspace, keeps what they show in netshare.cells and says which of it no
// longer holds (States). Jobs are what runs in the background. The front ends
// do all through these three: package terminal asks a person at a prompt,
// package web serves a page, netshare run needs nobody. Package render writes
// results down.
//
//	d, err := notebook.ReadDocument("lab.md")
//	ws, err := workspace.Open(ctx, d.WorkspacePath(), nil)
//	jobs := notebook.NewJobs() // one for the workspace
//	r := notebook.NewRunner(ws, jobs, d.Name)
//	err = r.Attach(ctx, d)     // cells get the IDs by which outputs are kept
//	states, err := r.States(ctx, d)
//	out, err := r.Run(ctx, *d.Cells[0], nil)
//	job, err := r.Start(ctx, *d.Cells[1]) // job.Changed, job.Status, job.Stop
package notebook
