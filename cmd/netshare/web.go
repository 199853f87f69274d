package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/web"
)

// serveWeb serves a workspace's notebook as a page until ctx ends, which is how
// a person ends it.
func serveWeb(ctx context.Context, ws *workspace.Workspace, file string, port int, p *printer) error {
	server, err := web.Listen(web.Options{
		Workspace: ws, Notebook: file, Port: port,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	// The address is what the command gives: it is on standard output.
	if p.json {
		p.event("page", map[string]any{"url": server.URL(), "notebook": server.Notebook()})
	} else {
		fmt.Println(server.URL())
		p.note("the notebook %s is at this address until Ctrl-C; the token in it lets in whoever has it", server.Notebook())
	}
	return server.Serve(ctx)
}

// serveBeside serves the page beside the terminal, with the same jobs, until the
// function that it returns is called.
func serveBeside(ctx context.Context, ws *workspace.Workspace, jobs *notebook.Jobs, file string) (url string, end func(), err error) {
	server, err := web.Listen(web.Options{Workspace: ws, Jobs: jobs, Notebook: file})
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx) //nolint:errcheck // that it ended is seen by who looks at the page
	}()
	return server.URL(), func() { cancel(); <-ended }, nil
}

// pageOf says where the notebook of the process is that holds a workspace, ""
// where there is none that this user may see.
func pageOf(err error) string {
	var inUse *workspace.InUseError
	if !errors.As(err, &inUse) {
		return ""
	}
	if url := web.Find(inUse.Path, inUse.PID); url != "" {
		return "; its page is " + url
	}
	return ""
}
