package notebook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/engine"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
	"netshare/workspace"
	"netshare/workspace/trace/near"
)

// A cell of the kinds load, train, generate, report and export holds one
// command a line. Lines that begin with # are comments.
//
//	load      FILE... [as TABLE] [recipe FILE] [protocol LIST] [header innermost]
//	train     TABLE [epochs N] [time 2m] [iterations N] [seed N] [recipe FILE]
//	          [min-seen N] [memory 4GB] [set NAME=VALUE]...
//	          [dp] [epsilon X] [delta X] [dp-unit U] [host-cap N] [dp-model gan]
//	          [noise-multiplier X] [clip X] [dp-force] [pretrain TRACE]
//	generate  TABLE [as SYNTHETIC] [sessions N] [seed N] [run N] [uncalibrated]
//	          [given CONDITION]...
//	report    REAL [against SYNTHETIC]
//	export    TABLE to FILE

// Grammar gives the grammar of such a cell, one line for a person; "" for other
// kinds.
func Grammar(kind Kind) string {
	switch kind {
	case KindLoad:
		return "FILE... [as TABLE] [recipe FILE] [protocol LIST] [header innermost]"
	case KindTrain:
		return "TABLE [epochs N] [time 2m] [iterations N] [seed N] [recipe FILE] [min-seen N] [memory 4GB] [set NAME=VALUE]..." +
			" [dp] [epsilon X] [delta X] [dp-unit session|host|record] [host-cap N] [dp-model gan] [noise-multiplier X] [clip X] [dp-force] [pretrain TRACE]"
	case KindGenerate:
		return "TABLE [as SYNTHETIC] [sessions N] [seed N] [run N] [uncalibrated] [given 'dstport=53']..."
	case KindReport:
		return "REAL [against SYNTHETIC]"
	case KindExport:
		return "TABLE to FILE"
	}
	return ""
}

// step is one command of a cell.
type step struct {
	line   int // in the cell, from 0
	kind   Kind
	table  string // with its schema; the first of a load's, "" for a name made from the files'
	other  string // as, against, to
	files  []string
	recipe string
	run    int64

	load     workspace.Load
	train    engine.Options
	generate engine.GenerateOptions
}

// parseSteps reads the commands of a cell; an error is a lineError.
func parseSteps(kind Kind, text string) ([]step, error) {
	var steps []step
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		words, err := SplitWords(trimmed)
		if err == nil {
			var s step
			if s, err = parseStep(kind, words); err == nil {
				s.line = i
				steps = append(steps, s)
				continue
			}
		}
		return nil, &lineError{i, err}
	}
	if len(steps) == 0 {
		return nil, &lineError{0, fmt.Errorf("the %s cell is empty: want %s", kind, Grammar(kind))}
	}
	return steps, nil
}

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

// parseStep reads one command.
func parseStep(kind Kind, words []string) (step, error) {
	s := step{kind: kind}
	switch kind {
	case KindLoad:
		return s, s.parseLoad(words)
	case KindTrain:
		return s, s.parseTrain(words)
	case KindGenerate:
		return s, s.parseGenerate(words)
	case KindReport:
		s.table = FullName(words[0], "raw")
		s.other = "synth." + BareName(s.table)
		return s, options(kind, words[1:], map[string]option{
			"against": {value: func(v string) error { s.other = FullName(v, "synth"); return nil }},
		})
	case KindExport:
		s.table = FullName(words[0], "synth")
		err := options(kind, words[1:], map[string]option{"to": text(&s.other)})
		if err == nil && s.other == "" {
			err = fmt.Errorf("export of %s: to which file? want %s", words[0], Grammar(kind))
		}
		return s, err
	}
	return s, fmt.Errorf("%q is no kind of command", kind)
}

func (s *step) parseLoad(words []string) error {
	takes := map[string]option{
		"as":     {value: func(v string) error { s.table = FullName(v, "raw"); return nil }},
		"recipe": text(&s.recipe),
		"protocol": {value: func(v string) error {
			s.load.Protocols = strings.Split(v, ",")
			return nil
		}},
		"header": text(&s.load.Header),
		"zeek":   {alone: func() { s.load.WithZeek = true }},
	}
	n := slices.IndexFunc(words, func(w string) bool { _, ok := takes[w]; return ok })
	if n < 0 {
		n = len(words)
	}
	if n == 0 {
		return fmt.Errorf("load of no file: want %s", Grammar(KindLoad))
	}
	if s.files = words[:n]; slices.Contains(s.files, "-") {
		return errors.New("a notebook has no standard input: name a file")
	}
	if err := options(KindLoad, words[n:], takes); err != nil {
		return err
	}
	if s.table != "" && !strings.HasPrefix(s.table, "raw.") {
		return fmt.Errorf("table %s: traces are loaded into schema raw: name it raw.%s", s.table, BareName(s.table))
	}
	if s.table == "" && len(s.files) == 1 && len(s.load.Protocols) == 0 && !strings.ContainsAny(s.files[0], "*?[") {
		s.table = "raw." + workspace.TableName(s.files[0])
	}
	return nil
}

// LoadFiles are the words of a load that name files, all that stand before its
// first option; nil where the load is none.
func LoadFiles(words []string) []string {
	s := step{kind: KindLoad}
	if s.parseLoad(words) != nil {
		return nil
	}
	return s.files
}

func (s *step) parseTrain(words []string) error {
	s.table = FullName(words[0], "raw")
	s.train = engine.DefaultOptions()
	dp := engine.DP{Budget: privacy.Budget{Epsilon: 2, Delta: 1e-5}, Unit: marginal.Session, HostCap: marginal.DefaultOptions().HostCap}
	on, model := false, "marginal"
	var private, networks, bounds []string // options given: of privacy, of private networks, of how long is learnt
	said := func(list *[]string, name string, o option) option {
		value, alone := o.value, o.alone
		if value != nil {
			o.value = func(v string) error { *list = append(*list, name); return value(v) }
		} else {
			o.alone = func() { *list = append(*list, name); alone() }
		}
		return o
	}
	var settings []string
	err := options(KindTrain, words[1:], map[string]option{
		"epochs":     said(&bounds, "epochs", whole(&s.train.Epochs, 1)),
		"iterations": said(&bounds, "iterations", whole(&s.train.Iterations, 1)),
		"time": said(&bounds, "time", option{value: func(v string) (err error) {
			if s.train.Time, err = time.ParseDuration(v); err != nil || s.train.Time <= 0 {
				return fmt.Errorf("%q is no length of time: want one such as 90s or 5m", v)
			}
			return nil
		}}),
		"seed":     seed(&s.train.Seed),
		"recipe":   text(&s.recipe),
		"min-seen": whole(&s.train.Codec.MinSeen, 1),
		"memory": {value: func(v string) (err error) {
			s.train.Memory, err = workspace.ParseSize(v)
			return err
		}},
		"set":              said(&bounds, "set", option{again: true, value: func(v string) error { settings = append(settings, v); return nil }}),
		"dp":               {alone: func() { on = true }},
		"epsilon":          said(&private, "epsilon", number(&dp.Epsilon)),
		"delta":            said(&private, "delta", number(&dp.Delta)),
		"dp-unit":          said(&private, "dp-unit", option{value: func(v string) error { dp.Unit = marginal.Unit(v); return nil }}),
		"host-cap":         said(&private, "host-cap", whole(&dp.HostCap, 1)),
		"dp-model":         said(&private, "dp-model", text(&model)),
		"noise-multiplier": said(&networks, "noise-multiplier", number(&dp.NoiseMultiplier)),
		"clip":             said(&networks, "clip", number(&dp.Clip)),
		"dp-force":         said(&networks, "dp-force", option{alone: func() { dp.Force = true }}),
		"pretrain":         said(&networks, "pretrain", text(&dp.Pretrain)),
	})
	if err != nil {
		return err
	}
	for _, v := range settings {
		if err := s.train.Set(v); err != nil {
			return fmt.Errorf("set: %w", err)
		}
	}
	if !on {
		if given := append(private, networks...); given != nil {
			return fmt.Errorf("%s without dp: add dp", given[0])
		}
		return s.train.Validate()
	}
	gan := model == string(engine.DPGAN)
	if model != "marginal" {
		dp.Model = engine.DPModel(model)
	}
	switch {
	case networks != nil && !gan:
		return fmt.Errorf("%s without dp-model gan: add it", networks[0])
	case slices.Contains(bounds, "time"):
		return errors.New("time with dp: how much is learnt is settled by the budget, not the clock: leave it out")
	case bounds != nil && !gan:
		return fmt.Errorf("%s with dp: noised counts are learnt at once, without epochs: leave it out", bounds[0])
	case slices.Contains(networks, "noise-multiplier") && !slices.Contains(private, "epsilon"):
		dp.Epsilon = 0 // comes of it
	}
	s.train.DP = dp
	return s.train.Validate()
}

func (s *step) parseGenerate(words []string) error {
	s.table = FullName(words[0], "raw")
	s.generate = engine.DefaultGenerateOptions()
	s.other = "synth." + BareName(s.table)
	err := options(KindGenerate, words[1:], map[string]option{
		"as":       {value: func(v string) error { s.other = FullName(v, "synth"); return nil }},
		"sessions": whole(&s.generate.Sessions, 1),
		"seed":     seed(&s.generate.Seed),
		"run": {value: func(v string) (err error) {
			if s.run, err = strconv.ParseInt(v, 10, 64); err != nil || s.run < 1 {
				return fmt.Errorf("%q is no number of a run", v)
			}
			return nil
		}},
		"uncalibrated": {alone: func() { s.generate.Raw = true }},
		"given":        {again: true, value: func(v string) error { s.generate.Given = append(s.generate.Given, v); return nil }},
	})
	if err == nil && !strings.HasPrefix(s.other, "synth.") {
		err = fmt.Errorf("table %s: synthetic traces are written into schema synth: name it synth.%s", s.other, BareName(s.other))
	}
	return err
}

// options reads words by name: each takes the word after it, or none.
func options(kind Kind, words []string, takes map[string]option) error {
	seen := map[string]bool{}
	for len(words) > 0 {
		name := words[0]
		o, ok := takes[name]
		if !ok {
			return unknownOption(kind, name, takes)
		}
		if seen[name] && !o.again {
			return fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		if o.alone != nil {
			o.alone()
			words = words[1:]
			continue
		}
		if len(words) < 2 {
			return fmt.Errorf("%s needs a value after it: %s", name, Grammar(kind))
		}
		if err := o.value(words[1]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		words = words[2:]
	}
	return nil
}

func unknownOption(kind Kind, name string, takes map[string]option) error {
	var known []string
	for k := range takes {
		known = append(known, k)
	}
	slices.SortFunc(known, func(a, b string) int {
		return cmp.Or(near.Distance(a, name)-near.Distance(b, name), strings.Compare(a, b))
	})
	hint := ""
	if d := near.Distance(known[0], name); d <= 2 {
		hint = fmt.Sprintf(": did you mean %s?", known[0])
	} else {
		slices.Sort(known)
		hint = ": it takes " + strings.Join(known, ", ")
	}
	return fmt.Errorf("%q is no option of %s%s", name, kind, hint)
}

func text(to *string) option { return option{value: func(v string) error { *to = v; return nil }} }

func whole(to *int, least int) option {
	return option{value: func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least {
			return fmt.Errorf("%q is no number: want %d or more", v, least)
		}
		*to = n
		return nil
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

// FullName is a table's name with its schema.
func FullName(word, schema string) string {
	s, t := workspace.SchemaOf(word, schema)
	return s + "." + t
}

// BareName is a table's name without its schema.
func BareName(word string) string {
	_, t := workspace.SchemaOf(word, "")
	return t
}

// uses are the resources that a step reads and writes, in lower case.
func (s *step) uses(path func(string) string) (reads, writes []string) {
	table := strings.ToLower(s.table)
	if s.recipe != "" {
		reads = append(reads, fileResource(path(s.recipe)))
	}
	switch s.kind {
	case KindLoad:
		for _, f := range s.files {
			reads = append(reads, fileResource(path(f)))
		}
		if table != "" {
			writes = append(writes, table)
		}
	case KindTrain:
		reads = append(reads, table)
		writes = append(writes, modelResource(table), "netshare.epochs", "netshare.models")
	case KindGenerate:
		reads = append(reads, modelResource(table))
		writes = append(writes, strings.ToLower(s.other))
	case KindReport:
		reads = append(reads, table, strings.ToLower(s.other))
		writes = append(writes, "netshare.scores")
	case KindExport:
		reads = append(reads, table)
		writes = append(writes, fileResource(path(s.other)))
	}
	return reads, writes
}

func fileResource(path string) string   { return "file " + path }
func modelResource(table string) string { return "model of " + table }
