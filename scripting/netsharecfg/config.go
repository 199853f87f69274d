package netsharecfg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"netshare/engine"
)

// Config is a configuration that was read and found sound.
type Config struct {
	File string // as the user named it
	Name string // of the trace: that of the file's folder or of the file

	// Inputs are the files that the configuration itself names, as paths from
	// where the program runs; nil where it names none.
	Inputs []string
	// Protocol is whose events are made of captures, "" for none (the
	// ZeekPreprocessor's target_protocol).
	Protocol string
	// Overwrite is false where the configuration says that what is there must
	// not be replaced.
	Overwrite bool
	// Epochs and Iterations are the training meant; 0 where the configuration
	// says nothing.
	Epochs, Iterations int
	// DP is the privacy that is asked for; its zero value for none.
	DP engine.DP
	// Notes name the keys that have nothing to act on here, and why.
	Notes []string
	// Text is the recipe as a .go file. Where functions were given it begins
	// with theirs, line by line as they stand there.
	Text string

	settings []setting
}

// maxConfig is the largest configuration file, in bytes.
const maxConfig = 16 << 20

// Read reads a configuration file. Functions is the name of a .go file with
// parse functions besides NetShare's own, "" for none. Faults are
// *scripting.Error values with the line and column of the file, joined.
func Read(path, functions string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%s: %d MiB: a configuration is a short JSON file", path, info.Size()>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var fns *functionFile
	if functions != "" {
		if fns, err = readFunctions(functions); err != nil {
			return nil, err
		}
	}
	return parse(path, string(text), fns)
}

// parse is Read of a file's text.
func parse(path, text string, fns *functionFile) (*Config, error) {
	root, err := parseJSON(path, text)
	if err != nil {
		return nil, err
	}
	if root.kind != isObject {
		return nil, fault(path, text, root.at, "want an object with global_config, pre_post_processor or fields, and model, got %s", root.said())
	}
	r := &reader{file: path, src: text}
	c := &Config{File: path, Name: nameOf(path), Overwrite: true}
	b := &builder{reader: r, config: c, functions: fns}
	b.root(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	c.Notes = r.notes
	c.Text = b.source()
	return c, nil
}

// nameOf names a trace after its configuration, or after the folder of one
// whose name says nothing.
func nameOf(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if strings.HasPrefix(strings.ToLower(name), "config") {
		abs, err := filepath.Abs(path)
		if dir := filepath.Base(filepath.Dir(abs)); err == nil && dir != "." && dir != string(filepath.Separator) {
			return dir
		}
	}
	return name
}

// Options returns the options of each training that the configuration asks
// for: base with NetShare's settings, once for each combination of the values
// that are tried.
func (c *Config) Options(base engine.Options) []engine.Options {
	if base.Epochs == 0 && base.Time == 0 {
		base.Epochs = c.Epochs
		if c.Epochs == 0 && c.Iterations > 0 {
			base.Iterations = c.Iterations
		}
	}
	if !base.DP.On() {
		base.DP = c.DP
	}
	all := []engine.Options{base}
	for _, s := range c.settings {
		if s.open && base.DP.On() {
			continue
		}
		var next []engine.Options
		if base.DP.On() && len(s.values) > 1 { // trying them would look at the trace
			s.values = s.values[len(s.values)/2:][:1]
		}
		for _, o := range all {
			for _, v := range s.values {
				p := o
				s.Put(&p, v)
				next = append(next, p)
			}
		}
		all = next
	}
	return all
}
