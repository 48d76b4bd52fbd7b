package chrome

import _ "embed"

// A Look is what LookScript finds on a page. Lists have what is wrong.
type Look struct {
	Heading string  `json:"heading"`
	Painted bool    `json:"painted"` // heading, style sheets and icon are there
	Scheme  string  `json:"scheme"`
	Width   int64   `json:"width"` // CSS pixels
	Root    float64 `json:"root"`  // font size of the root, CSS pixels

	Faint   []string `json:"faint"`   // texts with too little contrast
	Broken  []string `json:"broken"`  // words of buttons and marks that go over two lines
	Cut     []string `json:"cut"`     // parts that can only be read by scrolling them sideways
	Joined  []string `json:"joined"`  // texts without a space between them, or with one before a comma
	Mixed   []string `json:"mixed"`   // right-to-left texts whose direction reaches their neighbours
	Unnamed []string `json:"unnamed"` // cells that do not name their column
	Bare    []string `json:"bare"`    // cells that name their column, and have nothing in them
}

// LookScript measures a page. Contrast: WCAG 2.2, 1.4.3.
//
//go:embed look.js
var LookScript string
