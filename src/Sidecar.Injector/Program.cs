using Sidecar.Contract;

Console.Error.WriteLine("sidecar-injector: no command is built yet.");
return ExitCodes.Usage;
