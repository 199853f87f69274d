package web

import (
	"embed"
	"net/http"
	"path"
)

// assets are the page, as it is read by people and by browsers.
//
//go:embed assets
var assets embed.FS

// types are the kinds of files of the page.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// serveAsset answers with a file of the page.
func serveAsset(w http.ResponseWriter, name string) {
	data, err := assets.ReadFile("assets/" + name)
	if err != nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Write(data) // who has gone needs it no more
}
