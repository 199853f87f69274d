package engine

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// SettingsHelp lists for a person what can be set by name, with the defaults of
// this program and NetShare's, a line each.
func SettingsHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	ours, original := DefaultOptions(), NetShareDefaults()
	fmt.Fprintln(w, "name\tdefault\tNetShare's\twhat it is")
	for _, s := range Settings() {
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
