package main

import (
	"errors"
	"fmt"

	"netshare/engine"
)

// assign sets the options that are named by --set, which come before those of
// a configuration.
func (f *synthFlags) assign(o *engine.Options) error {
	var errs []error
	for _, a := range f.set {
		if a == "help" {
			return usageError{errors.New("--set takes one of these, as in --set batch_size=200\n" + engine.SettingsHelp())}
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
