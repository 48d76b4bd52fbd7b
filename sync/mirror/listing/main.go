// Listing is a page of a network's games, out of a copy of the hub's records.
package main

import (
	"context"
	"html/template"
	"log"
	"net/http"
	"os"

	"hearsay/sync/mirror"
)

var page = template.Must(template.New("").Parse(`<title>Games</title>
{{range .}}<h2>{{.DisplayName}}</h2><p>{{with .Description}}{{.}}{{end}}</p>
{{range .Connections}}<p>{{.Type}} {{.Host}} {{.Port}} {{.URL}}</p>{{end}}{{end}}`))

func main() {
	ctx := context.Background()
	hub, err := mirror.Open(ctx, "listing.db", mirror.Options{
		URL: os.Getenv("HUB_URL"), ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"),
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(hub.Run(ctx)) }() // keeps the tables of listing.db level with the hub
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		games, err := hub.Games(r.Context())
		if err != nil {
			http.Error(w, "the games cannot be read", http.StatusInternalServerError)
			return
		}
		_ = page.Execute(w, games) // the visitor may be gone
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}
