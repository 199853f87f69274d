package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"netshare/engine"
)

// assign sets the options that are named by --set, which come before those of
// a configuration.
func (f *synthFlags) assign(o *engine.Options) error {
	var errs []error
	for _, a := range f.set {
		if a == "help" {
			return usageError{errors.New("--set takes one of these, as in --set batch_size=200\n" + settingsHelp())}
		}
		if err := o.Set(a); err != nil {
			errs = append(errs, fmt.Errorf("--set %w", err))
		}
	}
	if errs != nil {
		return usageError{errors.Join(errs...)}
	}
	return nil
}

// settingsHelp lists what can be set, with the defaults.
func settingsHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	ours, original := engine.DefaultOptions(), engine.NetShareDefaults()
	fmt.Fprintln(w, "name\tdefault\tNetShare's\twhat it is")
	for _, s := range engine.Settings() {
		help := s.Help
		if s.Words != nil {
			var said []string
			for _, x := range s.Words {
				said = append(said, x.Said)
			}
			help += ": " + strings.Join(said, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Value(ours), s.Value(original), help)
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}
