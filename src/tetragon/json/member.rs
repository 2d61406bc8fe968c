//! A member of a choice (`oneof`), which stands in JSON beside the other fields of its message.

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, IntoDeserializer,
    MapAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// The value of the entry `name` of `map` as the member of that name of the choice `C`; none where the
/// choice has no such member, and the value is passed over.
pub(in crate::tetragon) fn member<'de, C: Deserialize<'de>, A: MapAccess<'de>>(
    name: &str,
    map: &mut A,
) -> Result<Option<C>, A::Error> {
    let mut is_known = false;
    let member = C::deserialize(Member { name, map: &mut *map, is_known: &mut is_known });
    if is_known {
        return member.map(Some);
    }
    map.next_value::<IgnoredAny>()?;
    Ok(None)
}

/// An entry of a map, taken for an enum with a value in it.
struct Member<'a, A> {
    name: &'a str,
    map: &'a mut A,
    is_known: &'a mut bool,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Member<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        *self.is_known = names.contains(&self.name);
        if *self.is_known {
            return visitor.visit_enum(self);
        }
        Err(A::Error::unknown_variant(self.name, names))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, 'a, A: MapAccess<'de>> EnumAccess<'de> for Member<'a, A> {
    type Error = A::Error;
    type Variant = Value<'a, A>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Value<'a, A>), A::Error> {
        let name: StrDeserializer<'_, A::Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Value(self.map)))
    }
}

/// What stands beside the name.
struct Value<'a, A>(&'a mut A);

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Value<'_, A> {
    type Error = A::Error;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(seed)
    }

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.next_value()
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("a member of a choice has one value"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("a member of a choice has one value"))
    }
}
