package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Request is the payload of a job.
type Request struct {
	Path string `json:"path"`
}

// Digest is the reply: what wc says of a file, its hash, and its most frequent words.
type Digest struct {
	SHA256 string      `json:"sha256"`
	Bytes  int64       `json:"bytes"`
	Lines  int64       `json:"lines"`
	Words  int64       `json:"words"`
	Top    []WordCount `json:"top"`
}

// WordCount is a word, in small letters, and how often it is there.
type WordCount struct {
	Word  string `json:"word"`
	Count int64  `json:"count"`
}

const topWords = 10

func digest(path string) (Digest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Digest{}, err
	}
	d := Digest{SHA256: fmt.Sprintf("%x", sha256.Sum256(text)), Bytes: int64(len(text)), Lines: int64(bytes.Count(text, []byte("\n")))}
	for range bytes.FieldsSeq(text) {
		d.Words++
	}
	counts := map[string]*int64{}
	for word := range bytes.FieldsFuncSeq(text, func(r rune) bool { return !('a' <= r|0x20 && r|0x20 <= 'z') }) {
		switch n := counts[string(word)]; {
		case len(word) < 3:
		case n != nil:
			*n++
		default:
			counts[string(word)] = new(int64)
			*counts[string(word)] = 1
		}
	}
	lower := map[string]int64{}
	for word, n := range counts {
		lower[strings.ToLower(word)] += *n
	}
	d.Top = top(lower)
	return d, nil
}

func top(counts map[string]int64) []WordCount {
	words := make([]WordCount, 0, len(counts))
	for word, n := range maps.All(counts) {
		words = append(words, WordCount{word, n})
	}
	slices.SortFunc(words, func(a, b WordCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word)) })
	return words[:min(len(words), topWords)]
}
