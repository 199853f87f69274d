package notebook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"netshare/engine"
	"netshare/workspace"
)

// Grammar gives the grammar of the commands of a kind of cell, one line for a
// person; "" for kinds that hold no commands. A cell holds one command a line,
// and lines that begin with # are comments. Options are those of the program's
// command of that name, with or without their dashes.
func Grammar(kind Kind) string {
	switch kind {
	case KindLoad:
		return "FILE... [as TABLE] [append] [recipe FILE] [protocol LIST] [header innermost] [with-zeek] [max-rejects N]"
	case KindSplit:
		return "TABLE [share 0.2] [by host] [seed N] [train NAME] [holdout NAME]"
	case KindTrain:
		return "TABLE [epochs N] [time 2m] [iterations N] [seed N] [memory 1GB] [set NAME=VALUE]... [recipe FILE] [min-seen N] " +
			"[dp] [epsilon X] [delta X] [dp-unit U] [host-cap N] [dp-model gan] [noise-multiplier X] [clip X] [dp-force] [pretrain TRACE], or resume RUN"
	case KindGenerate:
		return "TABLE [as SYNTHETIC] [sessions N] [records N] [from TIME] [to TIME] [span 48h] [seed N] [run N] [text POLICY] [calibrate off] [given 'dstport=53']..."
	case KindReport:
		return "REAL [against SYNTHETIC] [tasks] [label COLUMN] [to FOLDER]"
	case KindAudit:
		return "REAL [against SYNTHETIC] [holdout TABLE] [shadow N] [addresses POLICY] [seed N] [to FOLDER]"
	case KindExport:
		return "TABLE to FILE [addresses POLICY]"
	case KindPublish:
		return "TABLE... to FILE|FOLDER [addresses POLICY] [text POLICY] [allow VALUE|FILE]... [counts] [force] [replace]"
	}
	return ""
}

// step is one command of a cell.
type step struct {
	line   int // in the cell, from 0
	kind   Kind
	table  string // with its schema; the first of a load's, "" for a name made from the files'
	other  string // the synthetic table
	files  []string
	to     string // a file or a folder
	recipe string
	run    int64 // whose model is used, or that is resumed

	load     workspace.Load
	rejects  int64 // how many a load may leave out, negative for any number
	split    workspace.Split
	train    engine.Options
	generate engine.GenerateOptions
	text     workspace.TextPolicy // of what is generated
	report   workspace.ReportOptions
	audit    workspace.Audit
	export   workspace.ExportOptions
	publish  workspace.Publish
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

// parseStep reads one command.
func parseStep(kind Kind, words []string) (step, error) {
	s := step{kind: kind, rejects: -1}
	switch kind {
	case KindLoad:
		return s, s.parseLoad(words)
	case KindSplit:
		return s, s.parseSplit(words)
	case KindTrain:
		return s, s.parseTrain(words)
	case KindGenerate:
		return s, s.parseGenerate(words)
	case KindReport:
		return s, s.parseReport(words)
	case KindAudit:
		return s, s.parseAudit(words)
	case KindExport:
		return s, s.parseExport(words)
	case KindPublish:
		return s, s.parsePublish(words)
	}
	return s, fmt.Errorf("%q is no kind of command", kind)
}

func (s *step) parseLoad(words []string) error {
	takes := s.loadOptions()
	s.files, words = before(words, takes)
	switch {
	case len(s.files) == 0:
		return fmt.Errorf("load of no file: want %s", Grammar(KindLoad))
	case slices.Contains(s.files, "-"):
		return errors.New("a notebook has no standard input: name a file")
	}
	if err := options(KindLoad, words, takes); err != nil {
		return err
	}
	if h := s.load.Header; h != "" && h != workspace.HeaderOutermost && h != workspace.HeaderInnermost {
		return fmt.Errorf("header: %q: want %s or %s", h, workspace.HeaderOutermost, workspace.HeaderInnermost)
	}
	if s.table != "" && !strings.HasPrefix(s.table, "raw.") {
		return fmt.Errorf("table %s: traces are loaded into schema raw: name it raw.%s", s.table, BareName(s.table))
	}
	if s.table == "" && len(s.files) == 1 && len(s.load.Protocols) == 0 && !strings.ContainsAny(s.files[0], "*?[") {
		s.table = "raw." + workspace.TableName(s.files[0])
	}
	return nil
}

func (s *step) loadOptions() map[string]option {
	zeek := option{alone: func() { s.load.WithZeek = true }}
	return map[string]option{
		"as":     {value: func(v string) error { s.table = FullName(v, "raw"); return nil }},
		"append": {alone: func() { s.load.Append = true }},
		"recipe": text(&s.recipe),
		"protocol": {value: func(v string) error {
			s.load.Protocols = strings.Split(v, ",")
			return nil
		}},
		"header":      text(&s.load.Header),
		"with-zeek":   zeek,
		"zeek":        zeek,
		"max-rejects": whole(&s.rejects, 0),
	}
}

// LoadFiles are the words of a load that name files, all that stand before its
// first option.
func LoadFiles(words []string) []string {
	files, _ := before(words, new(step).loadOptions())
	return files
}

func (s *step) parseSplit(words []string) error {
	s.table = FullName(words[0], "raw")
	s.split = workspace.Split{Table: s.table, Seed: 1, Replace: true}
	err := options(KindSplit, words[1:], map[string]option{
		"share":   number(&s.split.Share),
		"by":      text(&s.split.By),
		"seed":    seed(&s.split.Seed),
		"train":   text(&s.split.Train),
		"holdout": text(&s.split.Holdout),
	})
	if err == nil && (s.split.Share < 0 || s.split.Share >= 1) {
		err = fmt.Errorf("share: %v: want more than 0 and less than 1", s.split.Share)
	}
	return err
}

func (s *step) parseGenerate(words []string) error {
	s.table = FullName(words[0], "raw")
	s.generate = engine.DefaultGenerateOptions()
	s.other = "synth." + BareName(s.table)
	err := options(KindGenerate, words[1:], map[string]option{
		"as":       {value: func(v string) error { s.other = FullName(v, "synth"); return nil }},
		"sessions": whole(&s.generate.Sessions, 1),
		"records":  whole(&s.generate.Records, 1),
		"from":     text(&s.generate.From),
		"to":       text(&s.generate.To),
		"span":     duration(&s.generate.Span),
		"seed":     seed(&s.generate.Seed),
		"run":      whole(&s.run, 1),
		"text": {value: func(v string) error {
			s.text = workspace.TextPolicy(v)
			return s.text.Validate()
		}},
		"calibrate": {value: func(v string) error {
			s.generate.Raw = v == "off"
			if v != "on" && v != "off" {
				return fmt.Errorf("%q is neither on nor off", v)
			}
			return nil
		}},
		"given": list(&s.generate.Given),
	})
	if err == nil && !strings.HasPrefix(s.other, "synth.") {
		err = fmt.Errorf("table %s: synthetic traces are written into schema synth: name it synth.%s", s.other, BareName(s.other))
	}
	if err == nil {
		err = s.generate.Validate()
	}
	return err
}

func (s *step) parseReport(words []string) error {
	s.table = FullName(words[0], "raw")
	s.other = "synth." + BareName(s.table)
	err := options(KindReport, words[1:], map[string]option{
		"against": {value: func(v string) error { s.other = FullName(v, "synth"); return nil }},
		"tasks":   {alone: func() { s.report.Tasks = true }},
		"label":   text(&s.report.Label),
		"to":      text(&s.to),
	})
	if err == nil && s.report.Label != "" && !s.report.Tasks {
		err = errors.New("label without tasks: add tasks")
	}
	return err
}

func (s *step) parseAudit(words []string) error {
	s.table = FullName(words[0], "raw")
	s.audit = workspace.Audit{Real: s.table, Seed: 1}
	err := options(KindAudit, words[1:], map[string]option{
		"against": {value: func(v string) error { s.other = FullName(v, "synth"); return nil }},
		"holdout": {value: func(v string) error { s.audit.Holdout = FullName(v, "raw"); return nil }},
		"shadow":  whole(&s.audit.Shadow, 4),
		"addresses": {value: func(v string) error {
			s.audit.Addresses = workspace.AddressPolicy(v)
			return s.audit.Addresses.Validate()
		}},
		"seed": seed(&s.audit.Seed),
		"to":   text(&s.to),
	})
	s.audit.Synthetic = s.other
	return err
}

func (s *step) parseExport(words []string) error {
	s.table = FullName(words[0], "synth")
	err := options(KindExport, words[1:], map[string]option{
		"to": text(&s.to),
		"addresses": {value: func(v string) error {
			s.export.Addresses = workspace.AddressPolicy(v)
			return s.export.Addresses.Validate()
		}},
	})
	if err == nil && s.to == "" {
		err = fmt.Errorf("export of %s: to which file? want %s", words[0], Grammar(KindExport))
	}
	return err
}

func (s *step) publishOptions() map[string]option {
	p := &s.publish
	return map[string]option{
		"to": text(&s.to),
		"addresses": {value: func(v string) error {
			p.Addresses = workspace.AddressPolicy(v)
			return p.Addresses.Validate()
		}},
		"text": {value: func(v string) error {
			p.Text = workspace.TextPolicy(v)
			return p.Text.Validate()
		}},
		"allow":   list(&p.Allow),
		"counts":  {alone: func() { p.Counts = true }},
		"force":   {alone: func() { p.Force = true }},
		"replace": {alone: func() { p.Replace = true }},
	}
}

// PublishTables parts the words of a publishing into those before its first
// option, which name tables, and the rest.
func PublishTables(words []string) (tables, options []string) {
	return before(words, new(step).publishOptions())
}

func (s *step) parsePublish(words []string) error {
	p := &s.publish
	takes := s.publishOptions()
	tables, words := before(words, takes)
	for _, t := range tables {
		p.Tables = append(p.Tables, FullName(t, "synth"))
	}
	err := options(KindPublish, words, takes)
	switch {
	case err != nil:
		return err
	case len(tables) == 0:
		return fmt.Errorf("publish of no table: want %s", Grammar(KindPublish))
	case s.to == "":
		return fmt.Errorf("publish of %s: to which file or folder? want %s", strings.Join(tables, ", "), Grammar(KindPublish))
	}
	return nil
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
	case KindSplit:
		reads = append(reads, table)
		for _, part := range []struct{ name, usual string }{{s.split.Train, "_train"}, {s.split.Holdout, "_holdout"}} {
			writes = append(writes, strings.ToLower(FullName(cmp.Or(part.name, BareName(table)+part.usual), "raw")))
		}
	case KindTrain:
		if table != "" { // a run is resumed otherwise
			reads = append(reads, table)
			writes = append(writes, modelResource(table))
		}
		writes = append(writes, "netshare.epochs", "netshare.models")
	case KindGenerate:
		reads = append(reads, modelResource(table))
		writes = append(writes, strings.ToLower(s.other))
	case KindReport, KindAudit:
		reads = append(reads, table, strings.ToLower(cmp.Or(s.other, "synth."+BareName(table))))
		if s.audit.Holdout != "" {
			reads = append(reads, strings.ToLower(s.audit.Holdout))
		}
		writes = append(writes, "netshare.scores")
	case KindExport:
		reads = append(reads, table)
	case KindPublish:
		for _, t := range s.publish.Tables {
			reads = append(reads, strings.ToLower(t))
		}
	}
	if s.to != "" {
		writes = append(writes, fileResource(path(s.to)))
	}
	return reads, writes
}

func fileResource(path string) string   { return "file " + path }
func modelResource(table string) string { return "model of " + table }
