package workspace

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netshare/workspace/packed"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// StandardInput is how standard input is named among files.
const StandardInput = "-"

// input is one thing to read: a file, or a stream that can be read once.
type input struct {
	name   string        // as the user named it
	path   string        // of the file, "" of a stream
	stream io.Reader     // nil of a file
	found  bool          // in a folder or by a pattern, so that it may be left out
	folder string        // that it was found in, "" where it was named
	format string        // see detect
	head   []byte        // of its content, decompressed
	origin *store.Source // what it was made of, where that is another file
	recipe *trace.Recipe // that it is loaded by, nil for none
	made   string        // name for the table of what was made of it
}

// Skipped is a file of a folder or pattern that is not loaded.
type Skipped struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// expand finds the files that the words of a command line name: files, folders,
// patterns and standard input. Files of folders and patterns are in natural
// order, so that part 10 comes after part 9.
func expand(words []string, stdin io.Reader) (ins []input, skipped []Skipped, err error) {
	seen := map[string]bool{}
	add := func(in input) {
		if key := filepath.Clean(in.path); in.path != "" {
			if seen[key] {
				skipped = append(skipped, Skipped{in.name, "named twice"})
				return
			}
			seen[key] = true
		}
		ins = append(ins, in)
	}
	for _, word := range words {
		if word == StandardInput {
			if stdin == nil {
				return nil, nil, errors.New("-: there is no standard input here: name a file")
			}
			if seen[word] {
				return nil, nil, errors.New("-: standard input can be read only once")
			}
			seen[word] = true
			ins = append(ins, input{name: word, stream: stdin})
			continue
		}
		info, err := os.Stat(word)
		switch {
		case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(word, "*?["):
			files, err := glob(word)
			if err != nil {
				return nil, nil, err
			}
			for _, f := range files {
				add(input{name: f, path: f, found: true, folder: filepath.Dir(f)})
			}
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil, fmt.Errorf("%s: there is no such file: check the name", word)
		case err != nil:
			return nil, nil, err
		case info.IsDir():
			files, folders, err := filesIn(word)
			if err != nil {
				return nil, nil, err
			}
			for _, f := range files {
				add(input{name: f, path: f, found: true, folder: word})
			}
			for _, f := range folders {
				skipped = append(skipped, Skipped{f, fmt.Sprintf("a folder: name it too, or '%s'", filepath.Join(word, "**"))})
			}
		case info.Mode().IsRegular():
			if info.Size() == 0 {
				return nil, nil, fmt.Errorf("%s: the file is empty: name one with records in it", word)
			}
			add(input{name: word, path: word})
		default: // a pipe or a device
			f, err := os.Open(word)
			if err != nil {
				return nil, nil, err
			}
			add(input{name: word, stream: f})
		}
	}
	return ins, skipped, nil
}

// filesIn lists the files of a folder and the folders in it, without those
// whose names begin with a dot.
func filesIn(dir string) (files, folders []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path) // what a link points to
		switch {
		case strings.HasPrefix(e.Name(), "."), err != nil:
		case info.IsDir():
			folders = append(folders, path)
		case info.Mode().IsRegular():
			files = append(files, path)
		}
	}
	slices.SortFunc(files, natural)
	if len(files) == 0 {
		more := ""
		if len(folders) > 0 {
			more = fmt.Sprintf(", only folders: name them, or '%s'", filepath.Join(dir, "**"))
		}
		return nil, nil, fmt.Errorf("%s: there is no file in this folder%s", dir, more)
	}
	return files, folders, nil
}

// glob lists the files that match a pattern as filepath.Match has it, where **
// stands for any number of folders.
func glob(pattern string) ([]string, error) {
	var files []string
	var err error
	if strings.Contains(pattern, "**") {
		files, err = deepGlob(pattern)
	} else {
		files, err = filepath.Glob(pattern)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: write a [ that stands for itself as \\[", pattern, err)
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		info, err := os.Stat(f)
		hidden := strings.HasPrefix(filepath.Base(f), ".") && !strings.HasPrefix(filepath.Base(pattern), ".")
		return err != nil || !info.Mode().IsRegular() || hidden
	})
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file matches: check the pattern", pattern)
	}
	slices.SortFunc(files, natural)
	return files, nil
}

func deepGlob(pattern string) (files []string, err error) {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(pattern)), "/")
	if parts[len(parts)-1] == "**" {
		parts = append(parts, "*")
	}
	fixed := 0
	for fixed < len(parts) && !strings.ContainsAny(parts[fixed], "*?[") {
		fixed++
	}
	root := strings.Join(parts[:fixed], "/")
	switch {
	case root == "" && fixed > 0:
		root = "/"
	case root == "":
		root = "."
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != root && strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, _ := filepath.Rel(root, path)
		ok, err := deepMatch(parts[fixed:], strings.Split(filepath.ToSlash(rel), "/"))
		if ok && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func deepMatch(pattern, path []string) (bool, error) {
	if len(pattern) == 0 || len(path) == 0 {
		return len(pattern) == len(path), nil
	}
	if pattern[0] == "**" {
		for i := range len(path) + 1 {
			if ok, err := deepMatch(pattern[1:], path[i:]); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	if ok, err := filepath.Match(pattern[0], path[0]); !ok || err != nil {
		return false, err
	}
	return deepMatch(pattern[1:], path[1:])
}

// natural orders names by their parts, numbers in them by value.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := digits(x), digits(y)
		if dx > 0 && dy > 0 {
			nx, ny := strings.TrimLeft(x[:dx], "0"), strings.TrimLeft(y[:dy], "0")
			if c := cmp.Or(cmp.Compare(len(nx), len(ny)), cmp.Compare(nx, ny)); c != 0 {
				return c
			}
			x, y = x[dx:], y[dy:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// look reads the input's head and tells its format. Of a stream the head is
// read ahead, not away.
func (in *input) look(ctx context.Context) error {
	if in.stream != nil {
		b := bufio.NewReaderSize(cancellable(ctx, in.stream), headSize)
		raw, err := b.Peek(headSize)
		if len(raw) == 0 {
			if err != nil && err != io.EOF {
				return fmt.Errorf("%s: %w", in.name, err)
			}
			return fmt.Errorf("%s: there is nothing in it: pipe a trace into it", in.name)
		}
		in.stream = b
		if in.head, err = headOf(bytes.NewReader(raw)); err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
	} else {
		f, err := os.Open(in.path)
		if err != nil {
			return err
		}
		defer f.Close()
		if in.head, err = headOf(f); err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
	}
	if in.recipe != nil && in.recipe.Read != nil {
		in.format = formatRecipe
		return nil
	}
	var err error
	in.format, err = detect(in.head, in.name)
	if err == nil && in.found && !likely(in) {
		err = fmt.Errorf("%s: no trace by its name and content", in.name)
	}
	return err
}

// headOf returns the first bytes of a content, decompressed. What is damaged
// behind some sound bytes is not looked at.
func headOf(r io.Reader) ([]byte, error) {
	content, err := packed.NewReader(r)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(content, head)
	if n == 0 && err != io.EOF {
		return nil, err
	}
	return head[:n], nil
}

// spool copies a stream into a temporary file, for formats that are read twice
// or by their path.
func (in *input) spool(ctx context.Context, dir string) error {
	f, err := os.CreateTemp(dir, "input-*")
	if err != nil {
		return err
	}
	h := newDigest(in.stream)
	_, err = io.Copy(f, h)
	if err = errors.Join(err, f.Close()); err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	s := h.source(in.name)
	in.path, in.stream, in.origin = f.Name(), nil, &s
	return nil
}

// size is how many bytes a file has, 0 of a stream.
func (in *input) size() int64 {
	if in.stream != nil {
		return 0
	}
	info, err := os.Stat(in.path)
	if err != nil {
		return 0
	}
	return info.Size()
}
