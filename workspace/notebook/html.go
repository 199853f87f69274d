package notebook

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	mdtext "github.com/yuin/goldmark/text"

	"netshare/eval/figure"
	"netshare/workspace/notebook/render"
)

//go:embed notebook.gohtml
var page string

// maxImage is the largest image that is put into a page, in bytes.
const maxImage = 8 << 20

// WriteHTML writes a document with what is kept of its cells (see
// Runner.States) as one file that needs nothing else: no network, no script,
// images and figures inside, light or dark as the reader's system is.
func WriteHTML(w io.Writer, d *Document, states []CellState) error {
	t, err := template.New("notebook").Funcs(template.FuncMap{
		"prose": func(text string) (template.HTML, error) { return proseHTML(d, text) },
		"figure": func(f any) template.HTML {
			if p, ok := f.(*Figure); ok {
				return figureHTML(*p)
			}
			return figureHTML(f.(Figure))
		},
		"cell":  cellHTML,
		"right": render.IsNumeric,
		"type":  render.TypeName,
		"count": render.Thousands,
		"score": func(x float64) string { return fmt.Sprintf("%.1f", x) },
		"round": func(x float64) string { return fmt.Sprintf("%.0f", x) },
		"width": func(x float64) string { return fmt.Sprintf("%.1f", max(0, min(100, x))) },
		"first": func(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] },
	}).Parse(page)
	if err != nil {
		return err
	}
	type shown struct {
		*Cell
		State CellState
	}
	title := d.Title
	if title == "" {
		title = strings.TrimSuffix(filepath.Base(d.Name), filepath.Ext(d.Name))
	}
	v := struct {
		Title, Name, Workspace string
		Cells                  []shown
	}{title, filepath.Base(d.Name), d.Workspace, nil}
	for i, c := range d.Cells {
		s := shown{Cell: c}
		if i < len(states) {
			s.State = states[i]
		}
		v.Cells = append(v.Cells, s)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// proseHTML writes Markdown as HTML. HTML in it is left out, and so are links
// that run something.
func proseHTML(d *Document, prose string) (template.HTML, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify))
	source := []byte(prose)
	root := md.Parser().Parse(mdtext.NewReader(source))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if image, ok := n.(*ast.Image); ok && entering {
			image.Destination = embedded(d, string(image.Destination))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, root); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// embedded is an image beside the document as an address that holds it; any
// other address stays, and shows nothing in a page that may fetch nothing.
func embedded(d *Document, address string) []byte {
	if strings.Contains(address, ":") || filepath.IsAbs(address) {
		return []byte(address)
	}
	path := filepath.Join(d.Dir(), filepath.FromSlash(address))
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxImage {
		return []byte(address)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return []byte(address)
	}
	kind := http.DetectContentType(data)
	if filepath.Ext(path) == ".svg" {
		kind = "image/svg+xml"
	}
	if !strings.HasPrefix(kind, "image/") {
		return []byte(address)
	}
	return []byte("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
}

// figureHTML is a figure's drawing for a page: without the XML header, in the
// page's ink, with a text for those who can't see it. The drawing's own texts
// were escaped when it was drawn.
func figureHTML(f Figure) template.HTML {
	at := strings.Index(f.SVG, "<svg")
	if at < 0 {
		return ""
	}
	s := strings.Replace(f.SVG[at:], "<svg", `<svg role="img" aria-label="`+template.HTMLEscapeString(f.Alt)+`"`, 1)
	s = strings.ReplaceAll(s, figure.InkHex, "var(--ink)")
	return template.HTML(strings.ReplaceAll(s, figure.GridHex, "var(--grid)"))
}

// cellHTML is a value of a page of a result as a person reads it.
func cellHTML(raw json.RawMessage, typ string) template.HTML {
	v := jsonValue(raw)
	if v == nil {
		return `<i class="null">NULL</i>`
	}
	return template.HTML(template.HTMLEscapeString(render.Harmless(render.ValueText(v, typ, "NULL"))))
}
