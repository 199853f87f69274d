package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// newSession returns a session and what it writes and shows.
func newSession(t *testing.T) (*Session, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	lent := Host{Symbols: map[string]map[string]reflect.Value{}}
	s, err := lent.NewSession(t.Context(), SessionOptions{
		Out:  &out,
		Show: func(values ...any) { fmt.Fprintf(&out, "<%v>", values) },
		// What the program lends.
		Prelude: "var ctx context.Context; var twice func(n int) (int, error); var nothing func()",
		Values: map[string]any{
			"ctx":     t.Context(),
			"twice":   func(n int) (int, error) { return 2 * n, nil },
			"nothing": func() { out.WriteString("called") },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, &out
}

func TestSession(t *testing.T) {
	s, out := newSession(t)
	for _, tt := range []struct{ text, want string }{
		{"x := 5\nx", "<[5]>"},
		{"fmt.Println(x + 1)", "6\n"},
		{"x = x * 2; y := strings.Repeat(\"ab\", x)\nlen(y)", "<[20]>"},
		{"limit := 3\nfunc over(n int) bool { return n > limit }\nover(x)", "<[true]>"},
		{"type point struct{ a, b int }\nfunc (p point) sum() int { return p.a + p.b }\np := point{1, 2}\np.sum()", "<[3]>"},
		{"p.a = 10; p.sum()", "<[12]>"},
		{"func over(n int) bool { return n < limit }", ""},
		{"over(1)", "<[true]>"},
		{"twice(4)", "<[8 <nil>]>"},
		{"v, err := twice(5)\nif err != nil { panic(err) }\nv", "<[10]>"},
		{"nothing()", "called"},
		{"x := \"a text\"\nx", "<[a text]>"},
		{"var a, b = 1, 2.5\nvar c []int\nc = append(c, a)\nb", "<[2.5]>"},
		{"import \"encoding/json\"\ntext, _ := json.Marshal(c)\nstring(text)", "<[[1]]>"},
		{"const k = 7\nfor i := 0; i < 3; i++ { fmt.Print(i * k, \" \") }", "0 7 14 "},
		{"// nothing but a comment", ""},
		{"", ""},
		{"show(1, 2)", "<[1 2]>"},
		{"m := map[string]time.Duration{\"a\": time.Second}\nm[\"a\"].Seconds()", "<[1]>"},
		{"f := func(n int) int { return n + a }\nf(1)", "<[2]>"},
		{"f(2)", "<[3]>"},
	} {
		out.Reset()
		if err := s.Run(t.Context(), tt.text); err != nil {
			t.Fatalf("%q: %v", tt.text, err)
		}
		if out.String() != tt.want {
			t.Errorf("%q gave %q, want %q", tt.text, out, tt.want)
		}
	}
}

func TestSessionFaults(t *testing.T) {
	s, _ := newSession(t)
	if err := s.Run(t.Context(), "x := 1\nlist := []int{1}\nfunc inc(n int) int { return n + 1 }"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		line int
		want string
	}{
		{"y := 1\n\nnosuch(y)", 3, "undefined: nosuch"},
		{"a := 1\nb := (", 2, "expected"},
		{"go inc(1)", 1, "cells have no goroutines"},
		{"import \"os\"\nos.Exit(1)", 1, "a cell opens no files"},
		{"x := \"text\" + fmt.Sprint(x)", 1, "x becomes a string here, and is used as the int that it was"},
		{"\nlist[7]", 2, "index out of range"},
		{"a := 1\nz := 0\na / z", 3, "divide"},
		{"println(1)", 1, "use fmt.Println"},
		{"time.Now()", 1, "not open to cells"},
		{"n := 1 << 40\nb := make([]byte, n)\nlen(b)", 2, "more than"},
	} {
		err := s.Run(t.Context(), tt.text)
		var fault *Error
		if !errors.As(err, &fault) || fault.Line != tt.line || !strings.Contains(fault.Message, tt.want) {
			t.Errorf("%q gave %v, want %q at line %d", tt.text, err, tt.want, tt.line)
		}
	}
	// What was there before is there still.
	if err := s.Run(t.Context(), "if inc(x) != 2 || list[0] != 1 { panic(\"lost\") }"); err != nil {
		t.Error(err)
	}
}

func TestSessionStopped(t *testing.T) {
	s, out := newSession(t)
	if err := s.Run(t.Context(), "n := 41\nfunc inc(n int) int { return n + 1 }"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := s.Run(ctx, "for { n = 41 }")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a loop without end gave %v", err)
	}
	if err := s.Run(t.Context(), "inc(n)"); err != nil || out.String() != "<[42]>" {
		t.Errorf("after it: %q, %v", out, err)
	}
}
