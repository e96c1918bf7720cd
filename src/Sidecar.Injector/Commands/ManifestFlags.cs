using System.CommandLine;
using System.Security;
using System.Text;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Offline;

namespace Sidecar.Injector.Commands;

/// <summary>An error that ends a command with 64: each line is one problem.</summary>
internal sealed class UsageException(params IReadOnlyList<string> problems) : Exception(problems[0])
{
    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Problems => problems;
}

/// <summary>Options of the commands that work on manifests.</summary>
internal sealed class ManifestFlags
{
    /// <summary>The manifest.</summary>
    public Option<string> File { get; } = new("--file", "-f") { HelpName = "FILE", Description = "Manifest, YAML or JSON, of any number of documents; - is standard input.", Required = true };

    private Option<string?> Settings { get; } = new("--settings")
    {
        HelpName = "FILE",
        Description = $"Settings file of the injector: images, form, defaults. [default: images sidecar-proxy and sidecar-init of version {Versions.Product}]",
    };

    private Option<string?> Namespace { get; } = new("--namespace", "-n") { HelpName = "NS", Description = "Namespace of objects that name none. [default: default]" };

    private Option<string[]> Labels { get; } = new("--namespace-label") { HelpName = "NAME=VALUE", Description = "A label that namespaces have. Unless said otherwise they are labelled for pod injection." };

    private Option<string[]> Annotations { get; } = new("--namespace-annotation") { HelpName = "NAME=VALUE", Description = "An annotation that namespaces have." };

    private Option<string?> Native { get; } = new("--native") { HelpName = "auto|always|never", Description = "Form of the proxy's container: a native sidecar needs Kubernetes 1.29. [default: the settings'; auto is always]" };

    /// <summary>Adds those of inject and explain.</summary>
    public void AddTo(Command command)
    {
        Native.AcceptOnlyFromAmong("auto", "always", "never");
        foreach (var option in new Option[] { File, Settings, Namespace, Labels, Annotations, Native })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What injects.</summary>
    /// <exception cref="UsageException">The settings or a pair are bad.</exception>
    public OfflineInjection Injection(ParseResult parsed)
    {
        var settings = ReadSettings(parsed.GetValue(Settings));
        settings = parsed.GetValue(Native) switch
        {
            "always" => settings with { NativeSidecar = NativeSidecarMode.Always },
            "never" => settings with { NativeSidecar = NativeSidecarMode.Never },
            "auto" => settings with { NativeSidecar = NativeSidecarMode.Auto },
            _ => settings,
        };
        var simulated = new SimulatedNamespaces(
            parsed.GetValue(Namespace) ?? "default",
            Pairs(parsed.GetValue(Labels), "--namespace-label"),
            Pairs(parsed.GetValue(Annotations), "--namespace-annotation"));
        return new OfflineInjection(new PodInjection(settings, Versions.Product), simulated, nativeSidecarsSupported: true);
    }

    /// <summary>The manifest's text.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public async Task<string> ReadAsync(ParseResult parsed, CommandEnvironment environment, CancellationToken cancellationToken)
    {
        var file = parsed.GetRequiredValue(File);
        try
        {
            if (file == "-")
            {
                using var buffer = new MemoryStream();
                await environment.Input.CopyToAsync(buffer, cancellationToken);
                return Decode(file, buffer.ToArray());
            }

            return Decode(file, await System.IO.File.ReadAllBytesAsync(file, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException)
        {
            throw new UsageException($"{file}: {e.Message}");
        }
    }

    /// <summary>The settings of a file; the built-in ones without it.</summary>
    /// <exception cref="UsageException">They are bad.</exception>
    public static InjectorSettings ReadSettings(string? file)
    {
        var builtIn = InjectorSettings.BuiltIn(Versions.Product);
        if (file is null)
        {
            return builtIn;
        }

        string text;
        try
        {
            text = System.IO.File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{file}: {e.Message}");
        }

        var (settings, problems) = SettingsFile.Read(file, text, builtIn);
        return settings ?? throw new UsageException(problems);
    }

    private static string Decode(string file, byte[] bytes)
    {
        if (bytes.Length > Manifest.MaxLength)
        {
            throw new UsageException($"{file}: is larger than {Manifest.MaxLength} bytes");
        }

        try
        {
            return Manifest.Decode(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{file}: is not UTF-8");
        }
    }

    private static Dictionary<string, string> Pairs(string[]? pairs, string option)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs ?? [])
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new UsageException($"{option} {pair}: write NAME=VALUE");
            }

            read[pair[..equals]] = pair[(equals + 1)..];
        }

        return read;
    }
}
