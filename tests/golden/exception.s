// An exception, with live flags before it.
        adds    x0, x1, x2
        svc     #0
