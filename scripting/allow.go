package scripting

import (
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/traefik/yaegi/stdlib"

	"netshare/scripting/symbols"
)

// tracePath is the import path of the vocabulary that recipes are written in.
const tracePath = "netshare/workspace/trace"

// The packages that the function Run of a recipe is written with; a Host lends
// them.
const (
	workspacePath = "netshare/workspace"
	enginePath    = "netshare/engine"
)

// runType is the type of a recipe's function Run.
const runType = "func(ctx context.Context, ws *workspace.Workspace) error"

// allowed returns the import paths open to recipes: packages that compute and
// open nothing. Left out with a reason: math/big, whose single calls may take
// hours that nothing can interrupt; math/rand and hash/maphash, which give
// another result each time; sync, of no use without goroutines; context, which only Run needs;
// slices, maps and cmp, which are generic.
func allowed() []string {
	return []string{
		"bufio", "bytes", "container/heap", "container/list", "container/ring",
		"crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha512",
		"encoding", "encoding/ascii85", "encoding/base32", "encoding/base64",
		"encoding/binary", "encoding/csv", "encoding/hex", "encoding/json", "encoding/xml",
		"errors", "fmt", "hash", "hash/adler32", "hash/crc32", "hash/crc64", "hash/fnv",
		"html", "io", "math", "math/bits", "math/cmplx", "net/netip", "net/url",
		tracePath, "path", "regexp", "regexp/syntax", "sort", "strconv", "strings",
		"text/tabwriter", "time", "unicode", "unicode/utf16", "unicode/utf8",
	}
}

// refused returns the names of allowed packages that recipes may not use, with
// the reason, by "package.Name".
func refused() map[string]string {
	const (
		output = "a recipe has no terminal: return an error instead"
		input  = "a recipe has no terminal"
		clock  = "a recipe's functions must give the same result each time"
		waits  = "a recipe can't wait"
		files  = "a recipe opens no files: use time.FixedZone"
	)
	return map[string]string{
		"fmt.Print": output, "fmt.Printf": output, "fmt.Println": output,
		"fmt.Scan": input, "fmt.Scanf": input, "fmt.Scanln": input,
		"io.Pipe":  waits,
		"time.Now": clock, "time.Since": clock, "time.Until": clock,
		"time.Sleep": waits, "time.After": waits, "time.AfterFunc": waits, "time.Tick": waits,
		"time.NewTicker": waits, "time.NewTimer": waits,
		"time.LoadLocation": files,
		"workspace.Open":    "Run is given its workspace",
	}
}

// whyForbidden gives the reason for refusing an import.
func whyForbidden(importPath string) string {
	first, _, _ := strings.Cut(importPath, "/")
	switch importPath {
	case "C":
		return "recipes are Go alone"
	case "unsafe", "reflect", "plugin":
		return "it reaches into the memory of the program"
	case "slices", "maps", "cmp", "iter":
		return "it is generic, and recipes are Go 1.20 without generics"
	case "sync", "sync/atomic":
		return "recipes have no goroutines"
	case "context", workspacePath, enginePath:
		return "it is for the function Run of a recipe that netshare runs, and this program only reads declarations"
	case "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash":
		return "a recipe's functions must give the same result each time"
	case "net", "net/http", "net/rpc", "net/smtp":
		return "a recipe opens no sockets"
	case "os/exec":
		return "a recipe starts no processes"
	case "io/fs", "io/ioutil", "path/filepath", "embed":
		return "a recipe opens no files"
	}
	switch {
	case first == "os" || first == "syscall":
		return "a recipe opens no files"
	case first == "runtime":
		return "it reaches into the program"
	case first == "netshare":
		return "of netshare, recipes may import " + tracePath + " and, for Run, " + workspacePath + " and " + enginePath
	case strings.Contains(first, "."):
		return "recipes import the standard library and " + tracePath + " alone"
	}
	return "it is not among the packages that recipes may import"
}

// exports maps the import path of each allowed package to its symbols.
type exports map[string]map[string]reflect.Value

// exports selects what recipes may call from all that yaegi can offer, and what
// the host lends them. The wrappers of interfaces, whose names begin with an
// underscore, are kept: the interpreter needs them.
func (h Host) exports() exports {
	all := exports{}
	no := refused()
	open := allowed()
	if h.Symbols != nil {
		open = append(open, "context")
	}
	for key := range h.Symbols {
		open = append(open, path.Dir(key)) // keys are the import path and the package's name
	}
	for _, from := range []map[string]map[string]reflect.Value{stdlib.Symbols, symbols.Symbols, h.Symbols} {
		for key, names := range from {
			importPath := path.Dir(key)
			if !slices.Contains(open, importPath) {
				continue
			}
			kept := make(map[string]reflect.Value, len(names))
			for name, value := range names {
				if _, bad := no[path.Base(key)+"."+name]; !bad {
					kept[name] = value
				}
			}
			all[importPath] = kept
		}
	}
	return all
}
