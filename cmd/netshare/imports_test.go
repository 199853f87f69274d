package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// owners are the heavy dependencies and the one package that may import each.
var owners = map[string]string{
	"github.com/duckdb/duckdb-go/":    "netshare/workspace/store",
	"github.com/gopacket/gopacket":    "netshare/workspace/pcapio",
	"gorgonia.org/":                   "netshare/engine/dgan",
	"github.com/traefik/yaegi/":       "netshare/scripting",
	"gonum.org/v1/plot":               "netshare/eval/figure",
	"github.com/spf13/cobra":          "netshare/cmd/netshare",
	"github.com/klauspost/compress":   "netshare/workspace/packed",
	"github.com/reeflective/readline": "netshare/workspace/notebook/terminal",
	"github.com/yuin/goldmark":        "netshare/workspace/notebook",
}

// floors are the packages from the bottom up: a package imports only packages
// of lower floors, and children of its own.
var floors = [][]string{
	{"netshare/workspace/trace", "netshare/workspace/packed"},
	{"netshare/workspace/rule"},
	{
		"netshare/workspace/store", "netshare/workspace/pcapio", "netshare/workspace/flow", "netshare/workspace/dissect", "netshare/workspace/zeekio", "netshare/workspace/tableio", "netshare/workspace/rename",
		"netshare/scripting", "netshare/engine", "netshare/eval",
	},
	{"netshare/scripting/netsharecfg"},
	{"netshare/workspace"},
	{"netshare/scripting/symbols/verbs"},
	{"netshare/workspace/notebook/render"},
	{"netshare/workspace/notebook"},
	{"netshare/workspace/notebook/terminal", "netshare/workspace/notebook/web"},
	{"netshare/cmd/netshare"},
}

func floorOf(pkg string) int {
	best, floor := "", -1
	for i, names := range floors {
		for _, n := range names {
			if (pkg == n || strings.HasPrefix(pkg, n+"/")) && len(n) > len(best) {
				best, floor = n, i
			}
		}
	}
	return floor
}

func room(pkg string) string {
	best := ""
	for _, names := range floors {
		for _, n := range names {
			if (pkg == n || strings.HasPrefix(pkg, n+"/")) && len(n) > len(best) {
				best = n
			}
		}
	}
	return best
}

func TestImportsPointDownwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "netshare/...").Output()
	if err != nil {
		t.Skipf("go list is not to be had here: %v", err)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg, imports := fields[0], fields[1:]
		packages++
		for _, dep := range imports {
			for prefix, owner := range owners {
				if strings.HasPrefix(dep, prefix) && pkg != owner && !strings.HasPrefix(pkg, owner+"/") {
					t.Errorf("%s imports %s, which is %s's alone", pkg, dep, owner)
				}
			}
			if !strings.HasPrefix(dep, "netshare/") {
				continue
			}
			if strings.HasPrefix(pkg, "netshare/examples/") {
				if !slices.Contains([]string{"netshare/workspace/trace", "netshare/workspace", "netshare/engine"}, dep) {
					t.Errorf("%s imports %s: a recipe needs the vocabulary, and for Run the verbs and the engine's options", pkg, dep)
				}
				continue
			}
			from, to := floorOf(pkg), floorOf(dep)
			if from < 0 || to < 0 {
				t.Errorf("%s or %s stands on no floor: add it to this test", pkg, dep)
				continue
			}
			switch {
			case to < from, strings.HasPrefix(dep, pkg+"/"):
			case room(pkg) == room(dep) && !strings.HasPrefix(pkg, dep+"/"):
				// siblings below one room: engine/codec and engine/dgan don't know each other
				if slices.Contains([]string{"netshare/engine/codec", "netshare/engine/dgan", "netshare/engine/calibrate", "netshare/engine/privacy"}, pkg) &&
					!strings.HasPrefix(dep, pkg+"/") {
					t.Errorf("%s imports its sibling %s", pkg, dep)
				}
			default:
				t.Errorf("%s imports %s, which is not below it", pkg, dep)
			}
		}
	}
	if packages < 10 {
		t.Errorf("go list named %d packages, want all of the module", packages)
	}
}
