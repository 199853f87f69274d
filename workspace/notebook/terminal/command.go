package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// command is one of the notebook's own, typed with a dot before it.
type command struct {
	name, args, help string
	least, most      int // how many arguments it takes
	run              func(ctx context.Context, s *Shell, args []string) error
}

// commands returns all commands in the order of .help.
func commands() []command {
	all := append(shellCommands(), labCommands()...)
	slices.SortFunc(all, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return all
}

// shellCommands are those of the shell itself.
func shellCommands() []command {
	return []command{
		{"bail", "on|off", "end scripts at their first error", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			return setSwitch(&s.Bail, args[0])
		}},
		{"echo", "on|off", "write each statement before it is run", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			return setSwitch(&s.Echo, args[0])
		}},
		{"exit", "", "leave", 0, 0, quit},
		{"headers", "on|off", "names of columns in modes csv, tabs and list", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			return setSwitch(&s.Style.Headers, args[0])
		}},
		{"help", "[PATTERN]", "this list, or what of it holds the pattern", 0, 1, help},
		{"maxrows", "N", "rows that mode duckbox shows, 0 for all", 1, 1, maxRows},
		{"mode", "[MODE]", "how results are written: " + modeNames(), 0, 1, setMode},
		{"nullvalue", "TEXT", "what stands for NULL", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			s.Style.Null = &args[0]
			return nil
		}},
		{"once", "FILE", "write the next result to a file", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			return s.redirect(args[0], true)
		}},
		{"output", "[FILE]", "write results to a file, without one back to the screen", 0, 1, output},
		{"quit", "", "leave", 0, 0, quit},
		{"read", "FILE", "run the statements of a file", 1, 1, func(ctx context.Context, s *Shell, args []string) error {
			return s.read(ctx, args[0])
		}},
		{"schema", "[TABLE]", "the statements that would make the tables", 0, 1, schema},
		{"shell", "COMMAND...", "run a command of the system", 1, 1000, runShell},
		{"tables", "[LIKE]", "the tables, or those whose name is like a pattern with % and _", 0, 1, tables},
		{"timer", "on|off", "tell how long each statement took", 1, 1, func(_ context.Context, s *Shell, args []string) error {
			return setSwitch(&s.Timer, args[0])
		}},
	}
}

func modeNames() string {
	var names []string
	for _, m := range render.Modes() {
		names = append(names, string(m))
	}
	return strings.Join(names, " ")
}

// command runs a line that begins with a dot.
func (s *Shell) command(ctx context.Context, line string) error {
	if s.Echo {
		fmt.Fprintln(s.out, line)
	}
	word, rest, _ := strings.Cut(strings.TrimSuffix(line[1:], ";"), " ")
	if c, err := findCommand(word); err == nil && rest != "" && (c.name == "plot" || c.name == "shell") { // read by others
		if c.name == "plot" {
			return s.plotLine(ctx, rest)
		}
		return runShell(ctx, s, []string{rest})
	}
	words, err := notebook.SplitWords(strings.TrimSuffix(line[1:], ";"))
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	if len(words) == 0 {
		return errors.New("a dot needs a command after it: see .help")
	}
	c, err := findCommand(words[0])
	if err != nil {
		return err
	}
	if args := len(words) - 1; args < c.least || args > c.most {
		return fmt.Errorf(".%s takes other arguments: .%s", c.name, strings.TrimSpace(c.name+" "+c.args))
	}
	return c.run(ctx, s, words[1:])
}

// findCommand finds a command by its name or by a beginning of it that is no
// other's.
func findCommand(name string) (command, error) {
	var found []command
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		if strings.HasPrefix(c.name, name) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return command{}, fmt.Errorf("there is no command .%s: see .help", name)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, c := range found {
		names = append(names, "."+c.name)
	}
	return command{}, fmt.Errorf(".%s could be %s: type more of it", name, strings.Join(names, " or "))
}

func quit(_ context.Context, s *Shell, _ []string) error {
	s.quit = s.leave()
	return nil
}

func setSwitch(to *bool, word string) error {
	switch strings.ToLower(word) {
	case "on", "yes", "true", "1":
		*to = true
	case "off", "no", "false", "0":
		*to = false
	default:
		return fmt.Errorf("%q is no switch: want on or off", word)
	}
	return nil
}

func setMode(_ context.Context, s *Shell, args []string) error {
	if len(args) == 0 {
		fmt.Fprintln(s.out, s.Style.Mode)
		return nil
	}
	mode, err := render.ParseMode(args[0])
	if err == nil {
		s.Style.Mode = mode
	}
	return err
}

func maxRows(_ context.Context, s *Shell, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no number of rows: want 0 for all, or more", args[0])
	}
	s.Style.MaxRows = n
	return nil
}

func output(_ context.Context, s *Shell, args []string) error {
	if len(args) == 0 || args[0] == "stdout" {
		return s.closeSink()
	}
	return s.redirect(args[0], false)
}

// redirect sends results to a file; what is in it is overwritten.
func (s *Shell) redirect(path string, once bool) error {
	if err := s.closeSink(); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	s.sink, s.once = f, once
	return nil
}

// grammarMark stands in a command's help before the whole of what it takes,
// which is shown where the command is asked for by its name.
const grammarMark = ": "

func help(_ context.Context, s *Shell, args []string) error {
	width, indent := 80, 21
	if s.terminal {
		width = max(20, terminalWidth(s.out))
	}
	if width < 60 {
		indent = 4
	}
	found := false
	named := func(c command) bool { return len(args) > 0 && c.name == strings.TrimPrefix(args[0], ".") }
	one := slices.ContainsFunc(commands(), named)
	for _, c := range commands() {
		if one && !named(c) {
			continue
		}
		usage := strings.TrimSpace("." + c.name + " " + c.args)
		text := c.help
		if len(args) == 0 {
			text, _, _ = strings.Cut(text, grammarMark)
		} else if !one && !strings.Contains(usage+" "+text, args[0]) {
			continue
		}
		found = true
		margin := strings.Repeat(" ", indent)
		if len(usage) >= indent {
			usage += "\n" + margin
		}
		fmt.Fprintf(s.out, "%-*s%s\n", indent, usage, strings.Join(wrap(text, width-indent-1), "\n"+margin))
	}
	if !found {
		return fmt.Errorf("no command has to do with %q: see .help", args[0])
	}
	if len(args) == 0 {
		fmt.Fprint(s.out, "Anything else is SQL and ends with a semicolon. Go stands between a line go and a line end.\nCommands may be shortened; .help train says all that .train takes.\n")
	}
	return nil
}

// wrapLines breaks lines that are wider than a terminal; what goes on stands
// below where the line began. A width of 0 breaks none.
func wrapLines(text string, width int) string {
	if width == 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if render.Width(l) > width {
			indent := l[:len(l)-len(strings.TrimLeft(l, " "))]
			lines[i] = indent + strings.Join(wrap(l, width-len(indent)), "\n"+indent)
		}
	}
	return strings.Join(lines, "\n")
}

// wrap breaks a text at blanks into lines of at most a width, where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && render.Width(line)+1+render.Width(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// allTables lists tables and views; $ is the condition on schema_name and name.
const allTables = `FROM (
	SELECT schema_name, table_name AS name, estimated_size AS rows, column_count AS columns, sql
	FROM duckdb_tables() WHERE database_name = current_database() OR temporary
	UNION ALL
	SELECT schema_name, view_name, NULL, column_count, sql
	FROM duckdb_views() WHERE NOT internal AND (database_name = current_database() OR temporary)
) WHERE $ ORDER BY schema_name, name`

// tables lists the tables; the program's own only where the pattern asks for
// them.
func tables(ctx context.Context, s *Shell, args []string) error {
	where := "schema_name <> 'netshare'"
	if len(args) > 0 {
		p := notebook.QuoteText(args[0])
		where = fmt.Sprintf("name ILIKE %s OR schema_name || '.' || name ILIKE %s", p, p)
	}
	return s.statement(ctx, `SELECT schema_name AS "schema", name AS "table", rows, columns `+strings.Replace(allTables, "$", where, 1))
}

// schema writes the statements that would make the tables.
func schema(ctx context.Context, s *Shell, args []string) error {
	where := "schema_name <> 'netshare'"
	if len(args) > 0 {
		p := notebook.QuoteText(strings.ReplaceAll(args[0], `"`, ""))
		where = fmt.Sprintf("lower(name) = lower(%s) OR lower(schema_name || '.' || name) = lower(%s)", p, p)
	}
	result, err := s.Engine.Query(ctx, "SELECT sql "+strings.Replace(allTables, "$", where, 1))
	if err != nil {
		return err
	}
	defer result.Close()
	var out io.Writer = s.out
	if s.sink != nil {
		out = s.sink
	}
	n, err := render.Each(result, func(_ int64, row []any) error {
		if text, ok := row[0].(string); ok {
			lines := strings.Split(strings.TrimSpace(text), "\n")
			for i := range lines {
				lines[i] = render.Harmless(lines[i])
			}
			fmt.Fprintln(out, strings.Join(lines, "\n"))
		}
		return nil
	})
	if s.once {
		err = errors.Join(err, s.closeSink())
	}
	if err == nil && n == 0 && len(args) > 0 {
		return fmt.Errorf("there is no table %s: see .tables", args[0])
	}
	return err
}

// completeCommand completes a command's name, and what it takes.
func (s *Shell) completeCommand(ctx context.Context, text string) []Completion {
	var all []Completion
	name, arg, ok := strings.Cut(text[1:], " ")
	if !ok {
		for _, c := range commands() {
			if strings.HasPrefix(c.name, name) {
				all = append(all, Completion{Text: "." + c.name})
			}
		}
		return all
	}
	c, err := findCommand(name)
	if err != nil {
		return nil
	}
	word := arg[strings.LastIndexAny(arg, " ,")+1:]
	first := word == strings.TrimLeft(arg, " ")
	var choices []string
	switch {
	case c.name == "mode":
		choices = strings.Fields(modeNames())
	case c.args == "on|off":
		choices = []string{"on", "off"}
	case c.name == "help":
		for _, c := range commands() {
			choices = append(choices, c.name)
		}
	case slices.Contains([]string{"read", "output", "once", "load", "recipe", "notebook", "publish"}, c.name) && (first || c.name == "load") || c.name == "export" && !first:
		choices = files(word)
	case slices.Contains([]string{"audit", "compare", "export", "generate", "plot", "profile", "publish", "report", "schema", "sessions", "split", "tables", "train"}, c.name):
		choices = s.tableNames(ctx)
		if c.name == "plot" && first {
			for k := range notebook.PlotKinds() {
				choices = append(choices, k+" of")
			}
			slices.Sort(choices)
		}
	}
	for _, choice := range choices {
		if strings.HasPrefix(choice, word) {
			all = append(all, Completion{Text: choice, Start: len(text) - len(word)})
		}
	}
	return all
}

// takesArguments reports whether a command has something after it.
func takesArguments(name string) bool {
	c, err := findCommand(name)
	return err == nil && c.most > 0
}

// files lists what a beginning of a path may go on to.
func files(word string) []string {
	found, err := filepath.Glob(escapeGlob(word) + "*")
	if err != nil {
		return nil
	}
	for i, f := range found {
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			found[i] += string(filepath.Separator)
		}
	}
	return found
}

// escapeGlob has a path mean itself in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// tableNames lists the tables of raw and synth with their schema, and those of
// main.
func (s *Shell) tableNames(ctx context.Context) []string {
	if s.lab == nil {
		return nil
	}
	stamps, err := s.lab.Workspace.Stamps(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range stamps {
		names = append(names, t.Name.String())
	}
	for _, t := range stamps { // raw's are meant without it
		names = append(names, t.Name.Table)
	}
	return names
}

// runShell runs a command of the system.
func runShell(ctx context.Context, s *Shell, args []string) error {
	return s.interruptible(ctx, func(ctx context.Context) error {
		c := exec.CommandContext(ctx, "sh", "-c", strings.Join(args, " "))
		c.Stdin, c.Stdout, c.Stderr = nil, s.out, s.errOut
		if s.interactive {
			c.Stdin = os.Stdin
		}
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		return nil
	})
}
