// Command load asks one server the same thing over and over, as fast as it answers, and says how fast that was.
//
// The HTTP client and the measuring loop are fortio's, whose own command sends no gRPC calls but its own. Here a call is bytes that
// are encoded already: the client's own work must not be what is measured. SIGINT ends it early, with what was measured until then.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fortio.org/fortio/fhttp"
	"fortio.org/fortio/periodic"
	"fortio.org/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

const (
	inferMethod = "/inference.GRPCInferenceService/ModelInfer"
	patience    = 10 * time.Second
	resolution  = 10e-6 // seconds: the finest step of the histogram
)

// result is what is printed, as one line of JSON.
type result struct {
	Requests int64            `json:"requests"`
	Failed   int64            `json:"failed"`
	Rate     float64          `json:"rate"`
	P50      float64          `json:"p50_ms"`
	P99      float64          `json:"p99_ms"`
	Max      float64          `json:"max_ms"`
	Codes    map[string]int64 `json:"codes"`
}

type headers []string

func (h *headers) String() string { return strings.Join(*h, ", ") }

func (h *headers) Set(line string) error {
	*h = append(*h, line)
	return nil
}

func main() {
	var extra headers
	url := flag.String("url", "", "http://HOST:PORT/PATH, or grpc://HOST:PORT for ModelInfer")
	body := flag.String("body", "", "file with the request's body (gRPC: the encoded message)")
	connections := flag.Int("connections", 1, "each asks again when it is answered")
	seconds := flag.Float64("seconds", 1, "how long")
	flag.Var(&extra, "header", "NAME: VALUE, as often as needed")
	flag.Parse()
	log.SetLogLevelQuiet(log.Error)
	found, err := run(*url, *body, *connections, *seconds, extra)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		os.Exit(1)
	}
}

func run(url, body string, connections int, seconds float64, extra headers) (*result, error) {
	payload, err := os.ReadFile(body)
	if err != nil {
		return nil, err
	}
	options := periodic.RunnerOptions{
		QPS:         -1,
		Duration:    time.Duration(seconds * float64(time.Second)),
		NumThreads:  connections,
		Percentiles: []float64{50, 99},
		Resolution:  resolution,
		Out:         io.Discard,
	}
	if target, found := strings.CutPrefix(url, "grpc://"); found {
		return overGRPC(target, payload, options)
	}
	return overHTTP(url, payload, options, extra)
}

func overHTTP(url string, payload []byte, options periodic.RunnerOptions, extra headers) (*result, error) {
	asked := fhttp.HTTPRunnerOptions{RunnerOptions: options, AllowInitialErrors: true}
	asked.HTTPOptions = *fhttp.NewHTTPOptions(url)
	asked.HTTPReqTimeOut, asked.Payload, asked.ContentType = patience, payload, "application/json"
	for _, line := range extra {
		if err := asked.AddAndValidateExtraHeader(line); err != nil {
			return nil, err
		}
	}
	done, err := fhttp.RunHTTPTest(&asked)
	if err != nil {
		return nil, err
	}
	codes := map[string]int64{}
	for code, count := range done.RetCodes {
		codes[fmt.Sprint(code)] = count
	}
	return summary(&done.RunnerResults, codes), nil
}

func overGRPC(target string, payload []byte, options periodic.RunnerOptions) (*result, error) {
	callers := make([]*caller, options.NumThreads)
	runner := periodic.NewPeriodicRunner(&options)
	defer runner.Options().Abort()
	for i := range callers {
		connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		defer connection.Close()
		callers[i] = &caller{connection: connection, payload: payload}
		if ok, why := callers[i].Run(context.Background(), 0); !ok {
			return nil, fmt.Errorf("%s: %s", target, why)
		}
		callers[i].codes = map[string]int64{}
		runner.Options().Runners[i] = callers[i]
	}
	done := runner.Run()
	codes := map[string]int64{}
	for _, c := range callers {
		for code, count := range c.codes {
			codes[code] += count
		}
	}
	return summary(&done, codes), nil
}

func summary(done *periodic.RunnerResults, codes map[string]int64) *result {
	times, bad := done.DurationHistogram, done.ErrorsDurationHistogram
	percentile := func(i int) float64 {
		if i >= len(times.Percentiles) {
			return 0
		}
		return times.Percentiles[i].Value * 1000
	}
	return &result{times.Count, bad.Count, done.ActualQPS, percentile(0), percentile(1), times.Max * 1000, codes}
}

// caller asks over one connection of its own.
type caller struct {
	connection *grpc.ClientConn
	payload    []byte
	codes      map[string]int64
}

func (c *caller) Run(ctx context.Context, _ periodic.ThreadID) (bool, string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var answer []byte
	err := c.connection.Invoke(ctx, inferMethod, c.payload, &answer, grpc.ForceCodecV2(encoded{}))
	if c.codes != nil {
		c.codes[grpc.Code(err).String()]++
	}
	if err != nil {
		return false, err.Error()
	}
	return true, "OK"
}

// encoded passes bytes through.
type encoded struct{}

var _ encoding.CodecV2 = encoded{}

func (encoded) Name() string { return "proto" }

func (encoded) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.([]byte))}, nil
}

func (encoded) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}
