using System.Diagnostics;
using Sidecar.LoadGen.Engine;
using Sidecar.LoadGen.Loop;
using Sidecar.LoadGen.Modes;
using Sidecar.LoadGen.Recording;
using Sidecar.LoadGen.Reports;
using Sidecar.LoadGen.Wire;

namespace Sidecar.LoadTests;

/// <summary>
/// Numbered POSTs through a sidecar whose upstream (<c>hostile</c>) resets every connection at a random byte. The upstream accounts
/// for them: one that does not say that it may be repeated must not arrive twice. Every tenth says so (<c>Idempotency-Key</c>), which
/// shows that retries are on. Failures are expected here; what they came to is in the report.
/// </summary>
public static class Duplicates
{
    /// <summary>Wants <c>sidecar</c>; over HTTP/2 with <c>--set h2c=1</c>.</summary>
    public static bool Run(SuiteRun run)
    {
        var requests = run.Setting("requests", 1_000_000);
        var random = new Random(run.Seed);
        var clock = Stopwatch.StartNew();
        var target = run.Target("sidecar");
        using var reactor = new EpollReactor(TimeSpan.Zero);
        var isH2c = run.Setting("h2c", 0) != 0;
        var numbered = new NumberedRequests(target, random);
        var h2c = new Lazy<HttpMessageInvoker>(H2Exchange.Client);
        var lanes = isH2c
            ? [.. Enumerable.Range(0, run.Setting("connections", 64)).Select(_ => new H2Lane(reactor, h2c.Value, numbered.MakeH2c))]
            : target.Lanes(reactor, run.Setting("connections", 64), new RequestShape());
        var tally = new Tally();
        var last = TimeSpan.Zero;

        RequestImage Next(long number)
        {
            if (clock.Elapsed - last > TimeSpan.FromSeconds(10))
            {
                last = clock.Elapsed;
                Console.WriteLine($"{number} of {requests} requests, {number / last.TotalSeconds:0}/s, {tally.Failed} without their answer");
            }

            return numbered.Make(number, isH2c);
        }

        new ClosedLoop(reactor, lanes, Next, tally, TimeSpan.FromSeconds(20)).Run(requests);
        Array.ForEach(lanes, lane => lane.Close());
        List<Table> tables = [Reporting.Counts([target.Name], [tally])];
        if (Reporting.Failures([target.Name], [tally]) is { } failures)
        {
            tables.Add(failures);
        }

        return Comparing.Report(run, new Report(
            run.Name, [new("requests", $"{requests}, numbered, every tenth with Idempotency-Key"), new("seed", $"{run.Seed}")],
            [new Check("requests that ended", $"{requests}", $"{tally.Ended}", tally.Ended == requests)], tables, []));
    }

    private sealed class NumberedRequests(Target target, Random random)
    {
        private static readonly RequestImage Expected = RequestImage.Http("POST", "h2c", "/");
        private long _number;

        public RequestImage Make(long number, bool isH2c)
        {
            _number = number;
            return isH2c ? Expected : RequestImage.Http("POST", target.Address.Authority, target.Address.PathAndQuery, BodyBytes(), Headers());
        }

        // A lane of HTTP/2 makes its own request, when it begins: right after it was given the image.
        public HttpRequestMessage MakeH2c()
        {
            var request = H2Exchange.Request(target.Address, 1 + BodyBytes());
            foreach (var (name, value) in Headers())
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            return request;
        }

        private KeyValuePair<string, string>[] Headers() => _number % 10 == 9
            ? [new("x-number", $"{_number}"), new("Idempotency-Key", $"{_number}")]
            : [new("x-number", $"{_number}")];

        // One of 500 is larger than socket buffers, so that a reset also meets a half-sent body.
        private int BodyBytes() => random.Next(500) == 0 ? random.Next(64 * 1024, 512 * 1024) : random.Next(400);
    }
}
