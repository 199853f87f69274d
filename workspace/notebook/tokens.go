package notebook

import "strings"

// sqlToken is a word, a quoted identifier or a sign of an SQL text.
type sqlToken struct {
	text   string // of an identifier without its quotes
	quoted bool
	glued  bool // follows the token before it without a blank
}

// sqlTokens takes an SQL text apart; strings and comments are left out.
func sqlTokens(sql string) []sqlToken {
	var tokens []sqlToken
	glued := false
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
			glued = false
			continue
		case strings.HasPrefix(sql[i:], "--"):
			n := strings.IndexByte(sql[i:], '\n')
			if n < 0 {
				return tokens
			}
			i += n
			glued = false
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			n := strings.Index(sql[i+2:], "*/")
			if n < 0 {
				return tokens
			}
			i += n + 4
			glued = false
			continue
		case c == '\'' || c == '$' && dollarEnd(sql[i:]) > 0:
			n := quoteEnd(sql[i:], '\'')
			if c == '$' {
				n = dollarEnd(sql[i:])
			}
			tokens = append(tokens, sqlToken{text: "''", glued: glued})
			i += n
		case c == '"':
			n := quoteEnd(sql[i:], '"')
			text := strings.Trim(sql[i:i+n], `"`)
			tokens = append(tokens, sqlToken{text: strings.ReplaceAll(text, `""`, `"`), quoted: true, glued: glued})
			i += n
		case isWord(c):
			n := 1
			for i+n < len(sql) && isWord(sql[i+n]) {
				n++
			}
			tokens = append(tokens, sqlToken{text: sql[i : i+n], glued: glued})
			i += n
		default:
			tokens = append(tokens, sqlToken{text: sql[i : i+1], glued: glued})
			i++
		}
		glued = true
	}
	return tokens
}

// quoteEnd is the length of the quoted text that s begins with; doubled quotes
// are part of it.
func quoteEnd(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

// dollarEnd is the length of the dollar quote that s begins with, 0 for none.
func dollarEnd(s string) int {
	n := strings.IndexByte(s[1:], '$')
	if n < 0 {
		return 0
	}
	for _, c := range []byte(s[1 : n+1]) {
		if !isWord(c) {
			return 0
		}
	}
	tag := s[:n+2]
	if end := strings.Index(s[len(tag):], tag); end >= 0 {
		return end + 2*len(tag)
	}
	return len(s)
}

// sqlNames finds what SQL names that may be tables: words and pairs of words
// with a dot between, in lower case. reads has all of them, writes those that a
// statement makes or changes.
func sqlNames(sql string) (reads, writes []string) {
	for _, st := range Split(sql) {
		tokens := sqlTokens(st.Text)
		target := targetOf(tokens)
		for i := 0; i < len(tokens); i++ {
			if !tokens[i].quoted && !isWord(tokens[i].text[0]) {
				continue
			}
			name, at := strings.ToLower(tokens[i].text), i
			if i+2 < len(tokens) && tokens[i+1].text == "." && tokens[i+1].glued {
				name += "." + strings.ToLower(tokens[i+2].text)
				i += 2
			}
			if at == target {
				writes = append(writes, name)
				continue
			}
			reads = append(reads, name)
		}
	}
	return reads, writes
}

// targetOf is the index of the token at which the table begins that a statement
// makes or changes, -1 for none.
func targetOf(tokens []sqlToken) int {
	skip := func(i int, words ...string) int {
		for i < len(tokens) {
			found := false
			for _, w := range words {
				if strings.EqualFold(tokens[i].text, w) && !tokens[i].quoted {
					found = true
				}
			}
			if !found {
				break
			}
			i++
		}
		if i < len(tokens) {
			return i
		}
		return -1
	}
	if len(tokens) == 0 || tokens[0].quoted {
		return -1
	}
	switch strings.ToUpper(tokens[0].text) {
	case "CREATE", "ALTER", "DROP":
		return skip(1, "OR", "REPLACE", "TEMP", "TEMPORARY", "TABLE", "VIEW", "IF", "NOT", "EXISTS", "MACRO", "FUNCTION", "SCHEMA", "SEQUENCE", "INDEX", "TYPE")
	case "INSERT":
		return skip(1, "OR", "REPLACE", "IGNORE", "INTO")
	case "UPDATE", "TRUNCATE":
		return skip(1, "TABLE")
	case "DELETE":
		return skip(1, "FROM")
	case "MERGE":
		return skip(1, "INTO")
	case "COPY":
		for _, t := range tokens {
			if strings.EqualFold(t.text, "from") {
				return skip(1)
			}
		}
	}
	return -1
}
