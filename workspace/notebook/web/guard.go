package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"slices"
	"strings"
)

// guard lets in who may use the page.
type guard struct {
	hosts  []string // names of the server: 127.0.0.1:4213, localhost:4213
	token  string   // of the address that is printed
	secret string   // of the cookie
	cookie string   // its name: cookies are shared by the ports of a host
}

// newGuard draws the secrets of a server on a port.
func newGuard(port string) *guard {
	return &guard{
		hosts:  []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("localhost", port)},
		token:  randomText(),
		secret: randomText(),
		cookie: "netshare_" + port,
	}
}

// randomText is 192 random bits as text.
func randomText() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// policy is what the page may do: its own files, and pictures that it draws.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// wrap checks each request before next sees it.
func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !slices.Contains(g.hosts, r.Host) {
			refuse(w, "this server is "+g.hosts[0]+" and no other")
			return
		}
		if why := foreign(r); why != "" {
			refuse(w, why)
			return
		}
		if token := r.URL.Query().Get("token"); token != "" && r.URL.Path == "/" && r.Method == http.MethodGet {
			if !same(token, g.token) {
				refuse(w, "the token of the address is wrong: open the address that the running netshare printed")
				return
			}
			http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: g.secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
			next.ServeHTTP(w, r)
			return
		}
		c, err := r.Cookie(g.cookie)
		if err != nil || !same(c.Value, g.secret) {
			refuse(w, "this page needs the token: open the address that the running netshare printed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign says why a request is not one of the page's own, "" where it is.
func foreign(r *http.Request) string {
	own := "http://" + r.Host
	origin := r.Header.Get("Origin")
	if origin != "" && origin != own {
		return "requests from " + origin + " are not answered"
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reads && origin == "" {
		return "a request that changes something must say its Origin"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default: // another site, or another port of this machine
		if !reads || r.URL.Path != "/" || r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return "requests from other sites are not answered"
		}
	}
	return ""
}

// same compares two secrets in a time that tells nothing of where they differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuse(w http.ResponseWriter, why string) {
	http.Error(w, "netshare: "+strings.ToValidUTF8(why, "?"), http.StatusForbidden)
}
