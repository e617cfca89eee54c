package main
import ("context";"io")
func runLive(ctx context.Context, args []string, out io.Writer) error { return nil }
func runDemo(ctx context.Context, args []string, out io.Writer) error { return nil }
