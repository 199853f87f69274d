package notebook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace"
	"netshare/workspace/trace/near"
)

// lineError is an error of a line of a cell, counted from 0.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

// option is a word that a command takes: with a value, or alone.
type option struct {
	value func(string) error
	alone func()
	again bool // may be given more than once
}

// options reads words by name: each takes the word after it, or none.
func options(kind Kind, words []string, takes map[string]option) error {
	_, err := optionsGiven(kind, words, takes)
	return err
}

// optionsGiven is options, and says which were given.
func optionsGiven(kind Kind, words []string, takes map[string]option) (seen map[string]bool, err error) {
	seen = map[string]bool{}
	for len(words) > 0 {
		name := optionName(words[0])
		o, ok := takes[name]
		if !ok {
			return nil, unknownOption(kind, name, takes)
		}
		if seen[name] && !o.again {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		if o.alone != nil {
			o.alone()
			words = words[1:]
			continue
		}
		if len(words) < 2 {
			return nil, fmt.Errorf("%s needs a value after it: %s", name, Grammar(kind))
		}
		if err := o.value(words[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		words = words[2:]
	}
	return seen, nil
}

// optionName is a word without the dashes that it would have on a command line.
func optionName(word string) string { return strings.TrimPrefix(word, "--") }

// IsOption reports whether a word is an option of a kind of command.
func IsOption(kind Kind, word string) bool {
	return slices.ContainsFunc(strings.Fields(Grammar(kind)), func(w string) bool {
		return strings.HasPrefix(w, "[") && strings.Trim(w, "[].") == optionName(word)
	})
}

// before parts words at the first that is an option.
func before(words []string, takes map[string]option) (names, rest []string) {
	for i, w := range words {
		if _, ok := takes[optionName(w)]; ok {
			return words[:i], words[i:]
		}
	}
	return words, nil
}

func unknownOption(kind Kind, name string, takes map[string]option) error {
	hint := ": it takes " + strings.Join(slices.Sorted(maps.Keys(takes)), ", ")
	if word := nearest(name, takes); word != "" {
		hint = fmt.Sprintf(": did you mean %s?", word)
	}
	return fmt.Errorf("%q is no option of %s%s", name, kind, hint)
}

// nearest is the option that a word may be meant for, "" where none is near.
func nearest(word string, takes map[string]option) string {
	known := slices.MinFunc(slices.Collect(maps.Keys(takes)), func(a, b string) int {
		return cmp.Or(near.Distance(a, word)-near.Distance(b, word), strings.Compare(a, b))
	})
	if near.Distance(known, word) > 2 {
		return ""
	}
	return known
}

func text(to *string) option { return option{value: func(v string) error { *to = v; return nil }} }

// list gathers the values of an option that may be given several times.
func list(to *[]string) option {
	return option{again: true, value: func(v string) error { *to = append(*to, v); return nil }}
}

func whole[T int | int64](to *T, least T) option {
	return option{value: func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || T(n) < least {
			return fmt.Errorf("%q is no number: want %d or more", v, least)
		}
		*to = T(n)
		return nil
	}}
}

func duration(to *time.Duration) option {
	return option{value: func(v string) (err error) {
		if *to, err = time.ParseDuration(v); err != nil || *to <= 0 {
			return fmt.Errorf("%q is no length of time: want one such as 90s or 5m", v)
		}
		return nil
	}}
}

func size(to *int64) option {
	return option{value: func(v string) (err error) {
		*to, err = workspace.ParseSize(v)
		return err
	}}
}

func seed(to *uint64) option {
	return option{value: func(v string) error {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no seed: want a whole number, 0 or more", v)
		}
		*to = n
		return nil
	}}
}

func number(to *float64) option {
	return option{value: func(v string) error {
		x, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return fmt.Errorf("%q is no number", v)
		}
		*to = x
		return nil
	}}
}

// positive is a number above 0.
func positive(to *float64) option {
	return option{value: func(v string) error {
		if err := number(to).value(v); err != nil || *to <= 0 {
			return fmt.Errorf("%q: want a number above 0", v)
		}
		return nil
	}}
}
