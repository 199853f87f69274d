package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace"
)

// site is a server that runs, and a browser's session with it.
type site struct {
	*Server
	t      testing.TB
	dir    string
	base   string // http://127.0.0.1:port
	cookie *http.Cookie
	end    func() // stops the server and closes the workspace
}

// serve runs a server on a workspace of a new folder.
func serve(t testing.TB) *site { return serveIn(t, t.TempDir(), Options{}) }

// serveIn runs a server on the workspace lab.duckdb of a folder.
func serveIn(t testing.TB, dir string, opts Options) *site {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	ws, err := workspace.Open(t.Context(), filepath.Join(dir, "lab.duckdb"), nil)
	if err != nil {
		t.Fatal(err)
	}
	opts.Workspace = ws
	s, err := Listen(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	ended := false
	end := func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if err := ws.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	c := &site{Server: s, t: t, dir: dir, base: "http://" + s.guard.hosts[0], end: end}
	r, err := http.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	for _, k := range r.Cookies() {
		c.cookie = k
	}
	if r.StatusCode != http.StatusOK || c.cookie == nil {
		t.Fatalf("the address with its token gives %s and the cookie %v", r.Status, c.cookie)
	}
	return c
}

// ask sends a request as the page does, changed by change where that is set.
func (c *site) ask(method, path, body string, change func(*http.Request)) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.AddCookie(c.cookie)
	r.Header.Set("Origin", c.base)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// post sends a body and reads the answer, which must be good.
func (c *site) post(path string, body, into any) {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	status, answer := c.ask("POST", path, string(text), nil)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %s", path, text, status, answer)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(answer), into); err != nil {
			c.t.Fatalf("%s: %v in %s", path, err, answer)
		}
	}
}

// sql runs statements on the workspace, beside the page.
func (c *site) sql(text string) {
	c.t.Helper()
	r, err := c.ws.Query(c.t.Context(), text)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// answered is the notebook as the page gets it.
type answered struct {
	Cell  string
	Cells []cellView
}

func (c *site) book() (b answered) {
	c.t.Helper()
	status, text := c.ask("GET", "/api/notebook", "", nil)
	if status != 200 {
		c.t.Fatal(text)
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		c.t.Fatal(err)
	}
	return b
}

// runs runs a cell and waits for its end.
func (c *site) runs(id string) *stateView {
	c.t.Helper()
	c.post("/api/run", map[string]string{"id": id}, nil)
	for range 2000 {
		for _, cell := range c.book().Cells {
			if cell.ID == id && cell.Job.State != "running" && cell.State.Status != "new" {
				return cell.State
			}
		}
		time.Sleep(40 * time.Millisecond)
	}
	c.t.Fatalf("cell %s does not end", id)
	return nil
}

// TestOnlyThePage: who has no token, or is another site, gets nothing and
// changes nothing.
func TestOnlyThePage(t *testing.T) {
	c := serve(t)
	port := strings.TrimPrefix(c.base, "http://127.0.0.1:")
	insert := `{"op":"insert","kind":"sql","text":"select 1"}`
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i+1] == "" {
					r.Header.Del(pairs[i])
				} else {
					r.Header.Set(pairs[i], pairs[i+1])
				}
			}
		}
	}
	for _, tt := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"the page itself", "GET", "/", "", nil, 200},
		{"by its other name", "GET", "/", "", func(r *http.Request) {
			r.Host = "localhost:" + port
			r.Header.Del("Origin")
		}, 200},
		{"no cookie", "GET", "/", "", header("Cookie", ""), 403},
		{"wrong cookie", "GET", "/api/notebook", "", header("Cookie", c.cookie.Name+"=AAAA"), 403},
		{"the token as cookie", "GET", "/api/notebook", "", header("Cookie", c.cookie.Name+"="+c.guard.token), 403},
		{"wrong token", "GET", "/?token=" + strings.Repeat("A", 32), "", header("Cookie", ""), 403},
		{"wrong token beside a good cookie", "GET", "/?token=x", "", nil, 403},
		{"a token at another path", "GET", "/api/notebook?token=" + c.guard.token, "", header("Cookie", ""), 403},
		{"files of the page without a cookie", "GET", "/assets/app.js", "", header("Cookie", ""), 403},
		{"a name that was pointed here", "GET", "/api/notebook", "", func(r *http.Request) { r.Host = "evil.example:" + port }, 403},
		{"the address without its port", "GET", "/api/notebook", "", func(r *http.Request) { r.Host = "127.0.0.1" }, 403},
		{"reading from another site", "GET", "/api/notebook", "", header("Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"), 403},
		{"reading from another port", "GET", "/api/notebook", "", header("Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"), 403},
		{"an image of another port", "GET", "/api/tables", "", header("Origin", "", "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"), 403},
		{"a link of another site", "GET", "/", "", header("Origin", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), 200},
		{"a change of another site", "POST", "/api/edit", insert, header("Origin", "http://evil.example"), 403},
		{"a change of a sandboxed frame", "POST", "/api/edit", insert, header("Origin", "null"), 403},
		{"a change of nobody", "POST", "/api/edit", insert, header("Origin", ""), 403},
		{"a form of another port", "POST", "/api/edit", insert, header("Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"), 403},
		{"a form", "POST", "/api/edit", insert, header("Content-Type", "text/plain"), 415},
		{"the wrong method", "GET", "/api/edit", "", nil, 405},
		{"no such file", "GET", "/assets/..%2fserver.go", "", nil, 404},
	} {
		if got, text := c.ask(tt.method, tt.path, tt.body, tt.change); got != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, got, tt.want, text)
		}
	}
	if n := len(c.book().Cells); n != 0 {
		t.Errorf("the refused requests made %d cells", n)
	}
}

// TestHeaders: the page may run nothing but its own files, is kept nowhere and
// framed by nobody, and its cookie is out of reach.
func TestHeaders(t *testing.T) {
	c := serve(t)
	r, err := http.Get(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	csp := r.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("the policy lets too much in: %s", csp)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !c.cookie.HttpOnly || c.cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie is %v", c.cookie)
	}
	if bytes.Contains(page, []byte(c.guard.secret)) || bytes.Contains(page, []byte(c.guard.token)) {
		t.Error("the page holds a secret")
	}
	// Nothing in what is embedded names another place to fetch from.
	names, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range names {
		text, err := assets.ReadFile("assets/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if i := bytes.Index(line, []byte("://")); i >= 0 && !bytes.Contains(line, []byte("http://www.w3.org/2000/svg")) {
				t.Errorf("%s names another place: %s", f.Name(), line)
			}
		}
		if types[filepath.Ext(f.Name())] == "" {
			t.Errorf("%s is of no known type", f.Name())
		}
	}
}

// TestUpload: a dropped file is beside the notebook, whole, under a name of its
// own and no other place.
func TestUpload(t *testing.T) {
	c := serveIn(t, t.TempDir(), Options{MaxUpload: 1 << 20})
	take := func(name, body string) (int, string) {
		status, text := c.ask("POST", "/api/upload?name="+name, body, nil)
		var got struct{ Path, Error string }
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %s", name, text)
		}
		return status, got.Path + got.Error
	}
	for _, tt := range []struct {
		name, want string
	}{
		{"a.csv", "lab-files/a.csv"},
		{"a.csv", "lab-files/a-2.csv"},
		{"..%2f..%2fetc%2fpasswd", "lab-files/passwd"},
		{"C:%5Ctraces%5Cb.pcap.gz", "lab-files/b.pcap.gz"},
		{"b.pcap.gz", "lab-files/b-2.pcap.gz"},
		{"two%20words%22.csv", "lab-files/two_words_.csv"},
		{"...hidden", "lab-files/hidden"},
	} {
		status, path := take(tt.name, "ts,v\n1,"+tt.name+"\n")
		if status != 200 || path != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.name, status, path, tt.want)
			continue
		}
		if data, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(path))); err != nil || string(data) != "ts,v\n1,"+tt.name+"\n" {
			t.Errorf("%s holds %q, %v", path, data, err)
		}
	}
	if status, text := take("", "x"); status != 400 {
		t.Errorf("no name: %d %s", status, text)
	}
	if status, text := take("large.pcap", strings.Repeat("x", 1<<20+1)); status != 413 || !strings.Contains(text, "netshare ws load") {
		t.Errorf("too large: %d %s", status, text)
	}
	// The size is not told beforehand either.
	r, err := http.NewRequest("POST", c.base+"/api/upload?name=large2.pcap", io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), strings.NewReader("yy")))
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(c.cookie)
	r.Header.Set("Origin", c.base)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("too large, in pieces: %s", res.Status)
	}
	files, err := os.ReadDir(filepath.Join(c.dir, "lab-files"))
	if err != nil || len(files) != 7 {
		t.Errorf("%d files, %v; want 7: %v", len(files), err, files)
	}
}

// TestBodies: what is no sensible request is refused in words.
func TestBodies(t *testing.T) {
	c := serve(t)
	for _, tt := range []struct {
		path, body string
		want       int
	}{
		{"/api/edit", `{"op":`, 400},
		{"/api/edit", `{"op":"dance"}`, 400},
		{"/api/edit", `{"op":"text","id":"nobody"}`, 400},
		{"/api/edit", `{"op":"insert","kind":"cobol"}`, 400},
		{"/api/edit", `{"surprise":1}`, 400},
		{"/api/edit", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413},
		{"/api/run", `{"id":"nobody"}`, 400},
		{"/api/page", `{"sql":"select"}`, 400},
		{"/api/page", `{"sql":"create table t as select 1"}`, 400},
		{"/api/page", `{"sql":""}`, 400},
		{"/api/download", `{"sql":"select 1","format":"xls"}`, 400},
		{"/api/plot", `{"text":"cake of x in raw.y"}`, 400},
		{"/api/export", `{"table":"raw.nothing","format":"pcap"}`, 400},
		{"/api/export", `{"table":"raw.nothing","format":"../x"}`, 400},
	} {
		status, text := c.ask("POST", tt.path, tt.body, nil)
		var e struct{ Error string }
		if json.Unmarshal([]byte(text), &e) != nil || status != tt.want || e.Error == "" {
			t.Errorf("%s %.60s: %d %s; want %d and an error", tt.path, tt.body, status, text, tt.want)
		}
	}
}

// TestFind: another process of the user finds the page of the one that holds
// the workspace, and only that.
func TestFind(t *testing.T) {
	c := serve(t)
	var found string
	for range 200 { // the server may still be about to write it
		if found = Find(filepath.Join(c.dir, ".", "lab.duckdb"), os.Getpid()); found != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if found != c.URL() {
		t.Errorf("found %q, want %q", found, c.URL())
	}
	file, err := beaconFile(c.ws.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v: want it to be the user's alone", info.Mode(), err)
	}
	if url := Find(c.ws.Path(), os.Getpid()+1); url != "" {
		t.Errorf("another process's page is %s", url)
	}
	c.end()
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is left behind: %v", err)
	}
}

// TestPort: a workspace has the same port each time, and another where that is
// taken.
func TestPort(t *testing.T) {
	c := serve(t)
	if _, err := listen(0, c.ws.Path()); err != nil {
		t.Errorf("its port is taken: %v", err)
	}
	first := c.base
	dir := c.dir
	c.end()
	if again := serveIn(t, dir, Options{}); again.base != first {
		t.Logf("the port changed from %s to %s: another program may have it", first, again.base)
	}
	busy, err := listen(0, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, _ := strings.Cut(busy.Addr().String(), ":")
	n := 0
	for _, d := range port {
		n = n*10 + int(d-'0')
	}
	if _, err := listen(n, "x"); err == nil || !strings.Contains(err.Error(), "--port") {
		t.Errorf("a port in use: %v", err)
	}
}
