.PHONY: run test check generate build cross
run:
	go run .
test:
	go test ./...
check:
	bash .ci/run
generate:
	go tool templ generate
	gofmt -w admin
build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o hearsay .
cross:
	bash .ci/run cross
