namespace Sidecar.Init.Tests.Namespaces;

/// <summary>Programs that stand before the system's for what runs in the pod, as long as this lives.</summary>
internal sealed class ProgramFolder : IDisposable
{
    private readonly PodNetwork _pod;
    private readonly string _folder = Directory.CreateTempSubdirectory("sidecar-init-").FullName;

    public ProgramFolder(PodNetwork pod)
    {
        _pod = pod;
        _pod.Variables["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
    }

    public void Script(string name, string body)
    {
        File.WriteAllText(Path.Combine(_folder, name), $"#!/bin/sh\n{body}\n");
        SystemProgram.Run("chmod", "+x", Path.Combine(_folder, name));
    }

    public void Link(string name, string program) => File.CreateSymbolicLink(Path.Combine(_folder, name), SystemProgram.PathOf(program));

    public void Dispose()
    {
        _pod.Variables.Remove("PATH");
        Directory.Delete(_folder, recursive: true);
    }
}
