package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// hub tells all open windows what happens, by server-sent events.
type hub struct {
	mu      sync.Mutex
	windows map[chan []byte]struct{}
	closed  bool
}

// waiting is how many events a window may lie behind before it is let go; it
// then connects again and asks for all there is.
const waiting = 256

// send tells all windows.
func (h *hub) send(event string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("web: event %s: %v", event, err)) // only a type that JSON has no form for
	}
	message := fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, text)
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.windows {
		select {
		case c <- message:
		default:
			delete(h.windows, c)
			close(c)
		}
	}
}

// close lets all windows go.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.windows {
		delete(h.windows, c)
		close(c)
	}
}

// serve answers GET /api/events.
func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	c := make(chan []byte, waiting)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		http.Error(w, "the program ends", http.StatusServiceUnavailable)
		return
	}
	if h.windows == nil {
		h.windows = map[chan []byte]struct{}{}
	}
	h.windows[c] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if _, ok := h.windows[c]; ok {
			delete(h.windows, c)
			close(c)
		}
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 1000\nevent: hello\ndata: {}\n\n")
	if out.Flush() != nil {
		return
	}
	alive := time.NewTicker(20 * time.Second)
	defer alive.Stop()
	for {
		select {
		case message, ok := <-c:
			if !ok {
				return
			}
			if _, err := w.Write(message); err != nil || out.Flush() != nil {
				return
			}
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil || out.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
