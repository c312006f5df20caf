module svc.test/picks

go 1.19
