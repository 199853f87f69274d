package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"netshare/workspace/packed"
)

// zeek runs an installed zeek over captures and returns the logs that it makes:
// all but those about itself, or those of the protocols named.
func (p *Plan) zeek(ctx context.Context, captures []input, protocols []string) ([]input, error) {
	program, err := exec.LookPath("zeek")
	if err != nil {
		return nil, fmt.Errorf("--with-zeek: there is no zeek on the path: install it, or leave --with-zeek out and name protocols that netshare reads itself (--protocol %s)",
			strings.Join(Protocols(), ","))
	}
	dir, err := p.temp()
	if err != nil {
		return nil, err
	}
	var logs []input
	var found []string
	for i := range captures {
		made, err := zeekLogs(ctx, program, filepath.Join(dir, fmt.Sprintf("zeek-%d", i)), &captures[i])
		if err != nil {
			return nil, err
		}
		for _, log := range made {
			name := strings.TrimSuffix(filepath.Base(log.path), ".log")
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
			if wanted(protocols, name) {
				logs = append(logs, log)
			}
		}
	}
	for _, protocol := range protocols {
		if !slices.ContainsFunc(found, func(name string) bool { return wanted([]string{protocol}, name) }) {
			return nil, fmt.Errorf("%s: zeek made no %s.log of it: it has %s", captures[0].name, zeekName(protocol), strings.Join(found, ", "))
		}
	}
	if len(logs) == 0 {
		return nil, fmt.Errorf("%s: zeek made no log of it: load the packets, without --with-zeek", captures[0].name)
	}
	return logs, nil
}

// wanted reports whether a log is of one of the protocols; none are all.
func wanted(protocols []string, log string) bool {
	return len(protocols) == 0 || slices.ContainsFunc(protocols, func(p string) bool { return zeekName(p) == log })
}

// zeekName is what Zeek calls the log of a protocol.
func zeekName(protocol string) string {
	if p := strings.ToLower(protocol); p != "tls" {
		return p
	}
	return "ssl"
}

// aboutZeek are the logs that tell of Zeek's own run.
const aboutZeek = "packet_filter loaded_scripts reporter stats capture_loss prof stderr stdout"

// zeekLogs runs zeek over one capture, in a folder that it makes.
func zeekLogs(ctx context.Context, program, dir string, in *input) ([]input, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	origin := in.origin
	if origin == nil {
		s, err := digestFile(ctx, in.name, in.path)()
		if err != nil {
			return nil, err
		}
		origin = &s
	}
	capture, err := plainCapture(in.path, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	var said bytes.Buffer
	c := exec.CommandContext(ctx, program, "-C", "-r", capture)
	c.Dir, c.Stderr = dir, &said
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: zeek fails on it (%w): %s", in.name, err, lastWords(said.String()))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return nil, err
	}
	var logs []input
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".log")
		if slices.Contains(strings.Fields(aboutZeek), name) {
			continue
		}
		log := input{name: in.name + " (zeek's " + name + ".log)", path: f, origin: origin, made: tableName(in.name) + "_" + name}
		if err := log.look(ctx); err != nil {
			return nil, err
		}
		logs = append(logs, log)
	}
	return logs, nil
}

// lastWords is the end of what a program said, for an error of one line.
func lastWords(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return "it said nothing"
}

// plainCapture returns the absolute path of a capture that zeek can read: of a
// compressed one, a copy in dir.
func plainCapture(path, dir string) (_ string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := packed.NewReader(f)
	if err != nil {
		return "", err
	}
	defer content.Close()
	if content.Format == "" {
		return filepath.Abs(path)
	}
	plain, err := os.Create(filepath.Join(dir, "capture"))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(plain, content)
	return plain.Name(), errors.Join(err, plain.Close())
}
