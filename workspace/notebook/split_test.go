package notebook

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"blanks and comments", " \n-- a;\n/* b; */ ;;\n", nil},
		{"two", "select 1; select 2;", []string{"select 1", "select 2"}},
		{"no semicolon at the end", "select 1;\nselect 2\n", []string{"select 1", "select 2"}},
		{"quote", "select ';', 'it''s; so';x", []string{"select ';', 'it''s; so'", "x"}},
		{"backslash is no escape", `select 'a\'; x`, []string{`select 'a\'`, "x"}},
		{"escaped quote", `select E'a\';b'; x`, []string{`select E'a\';b'`, "x"}},
		{"a word that ends in e", `select like'a\'; x`, []string{`select like'a\'`, "x"}},
		{"identifier", `select "a;""b"; x`, []string{`select "a;""b"`, "x"}},
		{"dollar", "select $$a;'b$$; x", []string{"select $$a;'b$$", "x"}},
		{"tag", "select $q$a;$$;$q$; x", []string{"select $q$a;$$;$q$", "x"}},
		{"parameter", "select $1, $2; x", []string{"select $1, $2", "x"}},
		{"dollar in a word", "select a$b; select c$d", []string{"select a$b", "select c$d"}},
		{"comment after", "select 1 -- one; two\n; x", []string{"select 1 -- one; two", "x"}},
		{"comment before", "-- a\nselect 1", []string{"select 1"}},
		{"nested comment", "select /* a /* b; */ c; */ 1; x", []string{"select /* a /* b; */ c; */ 1", "x"}},
		{"minus and slash", "select 1-2/3; x", []string{"select 1-2/3", "x"}},
		{"open quote", "select 'a; b", []string{"select 'a; b"}},
		{"open comment", "/* a; b", nil},
		{"wide", "select 'é;日', é; x", []string{"select 'é;日', é", "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, s := range Split(tt.text) {
				got = append(got, s.Text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Split(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestSplitLines(t *testing.T) {
	text := "-- head\n\nselect\n 1;\nselect 'a\nb'; /* c\n */ select 3"
	var got []int
	for _, s := range Split(text) {
		got = append(got, s.Line)
	}
	if want := []int{3, 5, 7}; !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

// FuzzSplit checks that lines fed one by one give what the whole text gives,
// and that statements hold what the text holds, in order.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"select 1;\nselect ';'", "$a$\n;$a$;x", "/* ;\n*/ a; --\n;b", "E'\\\n';\n;", "a'\n'';b", "$\n$;$$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole := Split(text)
		var sp Splitter
		var parts []Statement
		for line := range strings.Lines(text) {
			parts = append(parts, sp.Feed(line)...)
		}
		if rest, ok := sp.Rest(); ok {
			parts = append(parts, rest)
		}
		if !slices.Equal(whole, parts) {
			t.Fatalf("%q: whole %v, line by line %v", text, whole, parts)
		}
		left := text
		for _, s := range whole {
			_, after, ok := strings.Cut(left, s.Text)
			if !ok || s.Text == "" {
				t.Fatalf("%q: statement %q is not in what is left", text, s.Text)
			}
			left = after
		}
	})
}
