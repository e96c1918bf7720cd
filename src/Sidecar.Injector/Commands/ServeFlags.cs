using System.CommandLine;
using System.Globalization;
using System.Net;
using Sidecar.Contract;
using Sidecar.Injector.Injection;
using Sidecar.Injector.Serving;

namespace Sidecar.Injector.Commands;

/// <summary>Options of <c>serve</c>; each has a variable of the environment, and the flag wins.</summary>
internal sealed class ServeFlags
{
    private readonly List<(Option<string?> Option, string Variable)> _options = [];

    private Option<string?> Settings => field ??= Flag("--settings", EnvironmentVariables.InjectorSettings, "FILE", "Settings file: images, form, defaults. [default: built in]");

    private Option<string?> Listen => field ??= Flag("--listen", EnvironmentVariables.InjectorListen, "address:port", "HTTPS: POST /inject, POST /validate, GET /readyz. [default: [::]:8443]");

    private Option<string?> ListenPlain => field ??= Flag("--listen-plain", EnvironmentVariables.InjectorListenPlain, "address:port", "HTTP: GET /livez /readyz /metrics. [default: [::]:8080]");

    private Option<string?> Namespace => field ??= Flag("--namespace", EnvironmentVariables.PodNamespace, "NS", "The injector's own namespace, whose pods are never injected. [default: default]");

    private Option<string?> Service => field ??= Flag("--service", EnvironmentVariables.InjectorService, "NAME", "The injector's Service; its names are the certificate's. [default: sidecar-injector]");

    private Option<string?> Webhooks => field ??= Flag("--webhook-configuration", EnvironmentVariables.InjectorWebhookConfiguration, "NAME", "Name of the mutating and of the validating webhook configuration. [default: sidecar-injector]");

    private Option<string?> Certificates => field ??= Flag("--certificates", EnvironmentVariables.InjectorCertificates, "self|files", "self: made here, kept in --certificate-secret, rotated; files: of --certificate-dir. [default: self]");

    private Option<string?> Secret => field ??= Flag("--certificate-secret", EnvironmentVariables.InjectorCertificateSecret, "NAME", "Secret of the own certificate. [default: sidecar-injector-certificate]");

    private Option<string?> Directory => field ??= Flag("--certificate-dir", EnvironmentVariables.InjectorCertificateDirectory, "DIR", "tls.crt, tls.key and ca.crt; read again when they change.");

    private Option<string?> CaBundle => field ??= Flag("--ca-bundle", EnvironmentVariables.InjectorCaBundle, "patch|leave", "patch: write the authority into the webhook configurations; leave: somebody else does. [default: patch]");

    private Option<string?> CountPods => field ??= Flag("--count-pods", EnvironmentVariables.InjectorCountPods, "true|false", "Export the number of labelled pods without a sidecar; needs the right to list pods. [default: false]");

    private Option<string?> Kubernetes => field ??= Flag("--kubernetes", EnvironmentVariables.InjectorKubernetes, "URL|none", "The API server. [default: as pods find it]");

    private Option<string?> Token => field ??= Flag("--kubernetes-token", EnvironmentVariables.InjectorKubernetesToken, "FILE", "Token for it. [default: the service account's]");

    private Option<string?> Ca => field ??= Flag("--kubernetes-ca", EnvironmentVariables.InjectorKubernetesCa, "FILE", "Its authority. [default: the service account's]");

    private Option<string?> Delay => field ??= Flag("--shutdown-delay", EnvironmentVariables.InjectorShutdownDelay, "SECONDS", "Not ready, but still answering, before the listeners close. [default: 5]");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new[] { Settings, Listen, ListenPlain, Namespace, Service, Webhooks, Certificates, Secret, Directory, CaBundle, CountPods, Kubernetes, Token, Ca, Delay })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Reads them and the environment.</summary>
    /// <exception cref="UsageException">With every problem.</exception>
    public ServeOptions Read(ParseResult parsed, CommandEnvironment environment)
    {
        List<string> problems = [];
        var certificates = Text(Certificates, "self");
        if (certificates is not ("self" or "files"))
        {
            problems.Add($"--certificates {certificates}: write self or files");
        }

        if (certificates == "files" && Value(Directory) is null)
        {
            problems.Add("--certificates files needs --certificate-dir");
        }

        foreach (var option in new[] { Namespace, Service, Webhooks, Secret })
        {
            if (Value(option) is { } name && !DnsName.IsSubdomain(name))
            {
                problems.Add($"{option.Name} {name}: not a name of Kubernetes");
            }
        }

        var settings = InjectorSettings.BuiltIn(Versions.Product);
        try
        {
            settings = ManifestFlags.ReadSettings(Value(Settings));
        }
        catch (UsageException e)
        {
            problems.AddRange(e.Problems);
        }

        var options = new ServeOptions(
            settings,
            EndPoint(Listen, "[::]:8443"),
            EndPoint(ListenPlain, "[::]:8080"),
            Text(Namespace, "default"),
            Text(Service, "sidecar-injector"),
            Text(Webhooks, "sidecar-injector"),
            certificates == "files" ? CertificateSource.Files : CertificateSource.Self,
            Text(Secret, "sidecar-injector-certificate"),
            Value(Directory),
            Choice(CaBundle, "patch", "leave"),
            Choice(CountPods, "false", "true"),
            Value(Kubernetes),
            Value(Token),
            Value(Ca),
            Seconds(Delay, 5));
        return problems.Count == 0 ? options : throw new UsageException(problems);

        string? Value(Option<string?> option) =>
            parsed.GetValue(option) is { Length: > 0 } value ? value
            : environment.Variable(_options.First(each => each.Option == option).Variable) is { Length: > 0 } variable ? variable
            : null;

        string Text(Option<string?> option, string otherwise) => Value(option) ?? otherwise;

        bool Choice(Option<string?> option, string otherwise, string other)
        {
            var text = Text(option, otherwise);
            if (text != otherwise && text != other)
            {
                problems.Add($"{option.Name} {text}: write {otherwise} or {other}");
            }

            return text == other;
        }

        IPEndPoint EndPoint(Option<string?> option, string otherwise)
        {
            var text = Text(option, otherwise);
            if (IPEndPoint.TryParse(text, out var address) && text.EndsWith($":{address.Port}", StringComparison.Ordinal))
            {
                return address;
            }

            problems.Add($"{option.Name} {text}: not an address with a port, such as [::]:8443 or 127.0.0.1:8443");
            return new IPEndPoint(IPAddress.Loopback, 0);
        }

        TimeSpan Seconds(Option<string?> option, int otherwise)
        {
            var text = Value(option);
            if (text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 300))
            {
                return TimeSpan.FromSeconds(text is null ? otherwise : int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture));
            }

            problems.Add($"{option.Name} {text}: not a number of seconds from 0 to 300");
            return TimeSpan.Zero;
        }
    }

    private Option<string?> Flag(string name, string variable, string value, string description)
    {
        var option = new Option<string?>(name) { HelpName = value, Description = $"{description} [environment: {variable}]" };
        _options.Add((option, variable));
        return option;
    }
}
