package web

import (
	"maps"

	"plantroom"
)

// catalogue holds every sentence of the pages in every language, from a file for
// each page. Keys that end in a word of another package's vocabulary (a cause, a
// ledger kind) may be missing: the word is then shown as it is.
var catalogue = gather(pagesWords())

// pagesWords lists the sentences of all pages.
func pagesWords() []map[string]plantroom.Text {
	return []map[string]plantroom.Text{frameWords, boardWords, clockWords, worksWords, caseWords, orderWords, callWords, ledgerWords, assetWords, statementWords, jobWords, faultWords, phraseWords}
}

func gather(of []map[string]plantroom.Text) map[string]plantroom.Text {
	all := map[string]plantroom.Text{}
	for _, words := range of {
		maps.Copy(all, words)
	}
	return all
}
