// A dashboard as it stands in a file, by Grafana's own types; `VALUES` is replaced by the dashboards that are judged.
import type { Dashboard, DashboardLink, VariableModel } from "@grafana/schema";

type Written<T> =
  // Texts stand there instead of members of an enum.
  T extends string ? `${T}`
  // Grafana writes only these of a panel's link, though its type wants the fields of a dashboard's link, too.
  : T extends DashboardLink ? Partial<T>
  // Grafana writes the query of a variable a second time, for its list of variables; the type has no field for it.
  : T extends VariableModel ? { [K in keyof T]: Written<T[K]> } & { definition?: string }
  : T extends object ? { [K in keyof T]: Written<T[K]> }
  : T;

export const all: Written<Dashboard>[] = VALUES;
