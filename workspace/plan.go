package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Plan is what a load of several inputs comes to. Close it when its loads are
// done.
type Plan struct {
	Loads   []Load    // one for each table, for Workspace.Load
	Skipped []Skipped // files of folders and patterns that are none

	dir    string // of temporary files, "" for none
	cancel context.CancelFunc
}

// Close removes the plan's temporary files and gives its streams free.
func (p *Plan) Close() error {
	p.cancel()
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}

// PlanLoad finds out what the inputs of a load are and sorts them into tables:
// captures into one, Zeek logs into one for each log path, other tables by
// their columns, and with Protocols one table for each protocol. l.Table must
// be empty where there are several. Standard input is read ahead, and spooled
// into a temporary file where its format needs a second reading.
func PlanLoad(ctx context.Context, l Load) (_ *Plan, err error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	p := &Plan{}
	ctx, p.cancel = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	ins, skipped, err := expand(l.Files, l.Stdin)
	if err != nil {
		return nil, err
	}
	p.Skipped = skipped
	if ins, err = p.look(ctx, ins, l); err != nil {
		return nil, err
	}
	if l.WithZeek {
		if ins, err = p.zeek(ctx, ins, l.Protocols); err != nil {
			return nil, err
		}
	}
	groups := groupsOf(ins)
	if l.oneTable() && len(groups) > 1 {
		why := "--table names one table"
		if l.Table == "" {
			why = "a recipe declares one table"
		}
		return nil, fmt.Errorf("%s, and there are several kinds of trace: %s: name the files of one kind", why, kinds(groups))
	}
	p.Loads = loadsOf(l, groups)
	return p, nil
}

// One returns the only load of a plan; where there are several, the error names
// their kinds.
func (p *Plan) One() (Load, error) {
	if len(p.Loads) == 1 {
		return p.Loads[0], nil
	}
	var parts []string
	for _, l := range p.Loads {
		parts = append(parts, l.Table+" ("+some(l.Files)+")")
	}
	return Load{}, fmt.Errorf("there are several kinds of trace: %s: name the files of one kind, or load each into a table of its own with ws load", strings.Join(parts, ", "))
}

// Extension is that of files in the format of a planned load, ".log" for
// example.
func (l Load) Extension() string {
	switch format := l.inputs[0].format; {
	case len(l.Protocols) > 0 && strings.EqualFold(l.Protocols[0], protocolFlow):
		return ".csv"
	case len(l.Protocols) > 0 || strings.HasPrefix(format, "zeek"):
		return ".log"
	default:
		return "." + format
	}
}

// look tells the formats of the inputs. Of those that nobody named, what is no
// trace is left out.
func (p *Plan) look(ctx context.Context, ins []input, l Load) (kept []input, err error) {
	for i := range ins {
		in := &ins[i]
		in.recipe = l.Recipe
		err := in.look(ctx)
		if err == nil && (l.WithZeek || len(l.Protocols) > 0) && in.format != formatPcap {
			err = fmt.Errorf("%s: protocols are read from captures, and this is %s: leave out --protocol and --with-zeek", in.name, in.format)
		}
		if err != nil && in.found && ctx.Err() == nil {
			p.Skipped = append(p.Skipped, Skipped{in.name, strings.TrimPrefix(err.Error(), in.name+": ")})
			continue
		}
		if err != nil {
			return nil, err
		}
		again := isTable(in.format) || in.format == "zeek-json" || l.WithZeek || len(l.Protocols) > 1
		if in.stream != nil && again {
			dir, err := p.temp()
			if err != nil {
				return nil, err
			}
			if err := in.spool(ctx, dir); err != nil {
				return nil, err
			}
		}
		kept = append(kept, *in)
	}
	if len(kept) == 0 {
		var why []string
		for i, s := range p.Skipped {
			if i == 3 {
				why = append(why, fmt.Sprintf("%d more", len(p.Skipped)-i))
				break
			}
			why = append(why, s.File+": "+s.Reason)
		}
		return nil, fmt.Errorf("%s: no file that could be loaded (%s): name one", strings.Join(l.Files, ", "), strings.Join(why, "; "))
	}
	return kept, nil
}

// temp is the plan's folder of temporary files.
func (p *Plan) temp() (string, error) {
	if p.dir != "" {
		return p.dir, nil
	}
	var err error
	p.dir, err = os.MkdirTemp("", "netshare-*")
	return p.dir, err
}

// loadsOf makes one load of each group and protocol.
func loadsOf(l Load, groups []*group) []Load {
	var loads []Load
	used := map[string]bool{}
	for _, g := range groups {
		one := l
		one.inputs, one.Files = g.ins, nil
		for _, in := range g.ins {
			one.Files = append(one.Files, in.name)
		}
		one.WithZeek, one.Stdin = false, nil
		protocols := l.Protocols
		if l.WithZeek || len(protocols) == 0 {
			protocols = []string{""}
		}
		for _, protocol := range protocols {
			one.Protocols = nil
			if one.Table = l.Table; one.Table == "" {
				one.Table = suggest(g, len(groups) > 1)
			}
			if protocol != "" {
				one.Protocols = []string{protocol}
				if l.Table == "" || len(protocols) > 1 {
					one.Table += "_" + strings.ToLower(protocol)
				}
			}
			if used[strings.ToLower(one.Table)] { // web.pcap and web.csv
				one.Table += "_" + strings.ReplaceAll(g.ins[0].format, "-", "_")
			}
			for base, n := one.Table, 2; used[strings.ToLower(one.Table)]; n++ {
				one.Table = fmt.Sprintf("%s_%d", base, n)
			}
			used[strings.ToLower(one.Table)] = true
			loads = append(loads, one)
		}
	}
	return loads
}

// tableName is TableName, and a name for standard input.
func tableName(file string) string {
	if file == StandardInput {
		return "stdin"
	}
	return TableName(file)
}

// oneTable reports whether all that is loaded must be of one kind.
func (l *Load) oneTable() bool { return l.Table != "" || l.Recipe != nil }

// validate reports what no input can mend.
func (l *Load) validate() error {
	switch {
	case len(l.Files) == 0:
		return errors.New("no file to load: name at least one")
	case l.Replace && l.Append:
		return errors.New("a table is replaced or appended to, not both: choose --replace or --append")
	case l.WithZeek && len(l.Protocols) == 0 && l.Table != "":
		return errors.New("--with-zeek loads a table for each of Zeek's logs: say which with --protocol, or leave --table out")
	case len(l.Protocols) > 1 && l.Table != "":
		return fmt.Errorf("--table %s names one table, and %s are %d: leave --table out, or load one protocol at a time", l.Table, strings.Join(l.Protocols, ", "), len(l.Protocols))
	case len(l.Protocols) > 1 && l.Recipe != nil:
		return fmt.Errorf("a recipe declares one table, and %s are %d: load one protocol at a time", strings.Join(l.Protocols, ", "), len(l.Protocols))
	}
	if _, err := header(l.Header); err != nil {
		return err
	}
	for i, p := range l.Protocols {
		if slices.Contains(l.Protocols[:i], p) {
			return fmt.Errorf("protocol %s is named twice: name it once", p)
		}
		if l.WithZeek { // which knows more of them
			continue
		}
		if _, err := newDissector(p); err != nil {
			return err
		}
	}
	if l.Recipe != nil {
		return l.Recipe.Validate()
	}
	return nil
}
